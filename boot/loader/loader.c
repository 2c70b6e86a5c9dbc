// SPDX-License-Identifier: MIT
// The story of a boot, up to the jump.
#include "boot/loader/loader.h"

// What a measuring run adds to a region that was too small, and adds again if that was too little.
#define MEASURING_STEP (UINT64_C(4) << 20)

bool loader_stop(struct loader *loader, EFI_STATUS status, const char *format, ...)
{
    const struct writer *console = &loader->firmware.console;
    va_list arguments;

    writer_print(console, "loader: stopped: ");
    va_start(arguments, format);
    writer_vprint(console, format, arguments);
    va_end(arguments);
    writer_print(console, " (");
    firmware_print_status(&loader->firmware, status);
    writer_print(console, ")\n");
    loader->status = status;
    return false;
}

// ── A try, and another one in a larger region ───────────────────────────────────────────────────

static bool prepare(struct loader *loader)
{
    if (!loader_place_image(loader))
        return false;
    loader_load_image(loader);
    return loader_open_heap(loader) && loader_leave_boot_info(loader) &&
           loader_make_room_for_map(loader) && loader_map_kernel(loader) && loader_map_jump(loader);
}

// Keeps what failed in the region, for the kernel to report.
static void record_failure(struct loader *loader)
{
    const struct fba_failure *failure = &loader->heap.fba.failure;
    struct handoff_failure *record = &loader->failure;
    const char *what = loader->heap.ledger.tag;

    if (record->count > 0)
        return;
    record->count = failure->count;
    record->size = failure->size;
    record->align = failure->align;
    record->available = failure->available;
    record->shortfall = failure->shortfall;
    for (size_t i = 0; i < sizeof record->what - 1 && what[i] != '\0'; i++)
        record->what[i] = what[i];
}

static void give_back_try(struct loader *loader)
{
    firmware_free(&loader->firmware, &loader->jump_tables);
    firmware_free(&loader->firmware, &loader->image);
}

// A region that is too small ends this boot, but not before the rest of it has told how large the
// region must be: the same work is done again in a larger one.
static bool prepare_or_measure(struct loader *loader)
{
    loader->region_size = loader->elf.region_end - loader->elf.region_start;
    while (!prepare(loader)) {
        if (!loader->heap.failed)
            return false;
        record_failure(loader);
        give_back_try(loader);
        loader->region_size = 2 * loader->region_size + MEASURING_STEP;
        loader->heap.failed = false;
        writer_print(&loader->firmware.console,
                     "loader: going on with %llu KiB, only to measure what this boot needs\n",
                     (unsigned long long)loader->region_size / 1024);
    }
    return true;
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────

static void announce(struct loader *loader)
{
    writer_print(&loader->firmware.console,
                 "loader: kernel at 0x%llx, entry 0x%llx, early heap %llu KiB, %llu used\n",
                 (unsigned long long)loader->image.start, (unsigned long long)loader->elf.entry,
                 (unsigned long long)loader->region_size / 1024,
                 (unsigned long long)fba_used(&loader->heap.fba));
}

static void give_back_all(struct loader *loader)
{
    give_back_try(loader);
    for (size_t i = 0; i < LOADER_OPTIONS_MODULES_MAX; i++)
        loader_free_file(loader, &loader->modules[i]);
    loader_free_file(loader, &loader->kernel_file);
}

static bool read_files(struct loader *loader)
{
    bool read = loader_read_command_line(loader) && loader_read_kernel(loader) &&
                loader_read_modules(loader);

    firmware_close_volume(&loader->firmware);
    return read;
}

bool loader_run(struct loader *loader)
{
    // By this, whoever reads a later line can tell which line of the source an address is.
    writer_print(&loader->firmware.console, "loader: image at 0x%llx\n",
                 (unsigned long long)firmware_image_base(&loader->firmware));
    if (read_files(loader) && loader_draw_seed(loader) && prepare_or_measure(loader) &&
        loader_fill_handoff(loader)) {
        announce(loader);
        if (loader_exit_firmware(loader))
            return true;
    }
    if (!loader->firmware_half_gone)
        give_back_all(loader);
    return false;
}
