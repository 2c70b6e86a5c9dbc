// SPDX-License-Identifier: MIT
// The steps of run.h, in their order.
#include "boot/loader/run.h"

#include "boot/loader/boot_info.h"
#include "boot/loader/exit_boot_services.h"
#include "boot/loader/files.h"
#include "boot/loader/image.h"
#include "boot/loader/jump.h"
#include "boot/loader/kaslr.h"
#include "boot/loader/kernel_mapping.h"
#include "kmem/fba_account.h"

// What a measuring run adds to twice the size of a region that was too small.
#define MEASURING_STEP (UINT64_C(4) << 20)

typedef enum loader_result (*loader_step)(struct loader *loader);

static const loader_step input_steps[] = {
    files_read_manifest,     // if what is started has to be signed
    files_read_command_line, // with the loader's options
    files_read_kernel,       // and check it
    files_read_modules,      kaslr_draw_seed,
};

// How much they allocate from the region is known only afterwards: if it was too small, they run
// again with a larger one.
static const loader_step attempt_steps[] = {
    image_place,           // memory for image and region
    image_load,            // the segments
    boot_info_open_heap,   // the early heap over the region
    boot_info_write,       // handoff, command line, list of modules
    boot_info_reserve_map, // room for the memory map
    kernel_mapping_build,  // the kernel's page tables
    jump_map,              // and the loader itself in them
};

#define RUN_STEPS(loader, steps) run_steps((loader), (steps), sizeof(steps) / sizeof *(steps))

// Runs the steps up to the first that is not done, and returns its result.
static enum loader_result run_steps(struct loader *loader, const loader_step *steps, size_t count)
{
    enum loader_result result = LOADER_DONE;

    for (size_t i = 0; i < count && result == LOADER_DONE; i++)
        result = steps[i](loader);
    return result;
}

// ── Attempts ────────────────────────────────────────────────────────────────────────────────────

static void copy_name(char to[HANDOFF_HOLDER_NAME_MAX + 1], const char *name)
{
    size_t i = 0;

    for (; i < HANDOFF_HOLDER_NAME_MAX && name[i] != '\0'; i++)
        to[i] = name[i];
    to[i] = '\0';
}

// A failure on purpose: the boot ends as one that ran out does, but of the region there is nothing
// to report.
static void record_injected(struct loader *loader)
{
    writer_print(&loader->firmware.console,
                 "loader: %s: an allocation was failed on purpose (loader-fail=%llu)\n",
                 loader->heap.ledger.tag, (unsigned long long)loader->options.fail);
    loader->failure = (struct handoff_failure){.count = 1, .align = 1};
}

// Keeps what failed in the region, and who held it, for the kernel to report.
static void record_failure(struct loader *loader)
{
    const struct report_record *failed = &loader->heap.failure;
    const struct fba_failure *request = &failed->fba.failure;
    struct handoff_failure *record = &loader->failure;

    early_heap_report_failure(&loader->heap.output, failed, NULL);
    if (record->count > 0)
        return;
    *record = (struct handoff_failure){
        .count = request->count,
        .size = request->size,
        .align = request->align,
        .available = failed->available,
        .shortfall = failed->missing,
        .caller = (uintptr_t)request->caller,
        .used = fba_used(&failed->fba),
        .padding = failed->padding,
        .others = failed->others + failed->unrecorded.size,
    };
    copy_name(record->what, failed->tag);
    for (size_t i = 0; i < failed->holder_count && i < HANDOFF_HOLDERS; i++) {
        copy_name(record->holders[i].name, failed->holders[i].tag);
        record->holders[i].size = failed->holders[i].size;
        record->holders[i].blocks = failed->holders[i].blocks;
        record->holders[i].caller = (uintptr_t)failed->holders[i].caller;
    }
}

static void free_attempt(struct loader *loader)
{
    firmware_free(&loader->firmware, &loader->jump_tables);
    firmware_free(&loader->firmware, &loader->image);
}

// A region that is too small ends this boot, but only the whole boot tells how large it must be:
// the same steps run again with a larger one, and the kernel reports and stops.
static enum loader_result attempt(struct loader *loader)
{
    enum loader_result result;

    loader->region_size = loader->elf.region_end - loader->elf.region_start;
    while ((result = RUN_STEPS(loader, attempt_steps)) == LOADER_OUT_OF_MEMORY) {
        if (loader->heap.failing.failed)
            record_injected(loader);
        else
            record_failure(loader);
        free_attempt(loader);
        loader->region_size = 2 * loader->region_size + MEASURING_STEP;
        writer_print(&loader->firmware.console,
                     "loader: going on with %llu KiB, only to measure what this boot needs\n",
                     (unsigned long long)loader->region_size / 1024);
    }
    return result;
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────

static void announce(struct loader *loader)
{
    writer_print(&loader->firmware.console,
                 "loader: kernel at 0x%llx, entry 0x%llx, early heap %llu KiB, %llu used\n",
                 (unsigned long long)loader->image.start, (unsigned long long)loader->elf.entry,
                 (unsigned long long)loader->region_size / 1024,
                 (unsigned long long)fba_used(&loader->heap.fba));
    // Faults of such a kernel are caught (first_fault.h); one that only loops says nothing.
    if (!loader->elf.has_note && !loader->verifier)
        writer_print(&loader->firmware.console,
                     "loader: the kernel's file has no checksums: if nothing follows, its code may "
                     "be damaged; boot/file_note.h has the cure\n");
}

static enum loader_result run(struct loader *loader)
{
    enum loader_result result = RUN_STEPS(loader, input_steps);

    firmware_close_volume(&loader->firmware);
    if (result == LOADER_DONE)
        result = attempt(loader);
    if (result == LOADER_DONE)
        result = boot_info_complete(loader);
    if (result != LOADER_DONE)
        return result;
    announce(loader);
    return exit_boot_services(loader);
}

enum loader_result loader_run(struct loader *loader)
{
    // With it, the addresses in later lines can be traced to lines of the source.
    writer_print(&loader->firmware.console, "loader: image at 0x%llx\n",
                 (unsigned long long)loader->base);
    enum loader_result result = run(loader);
    if (result == LOADER_STOPPED) {
        free_attempt(loader);
        files_free(loader);
    }
    return result;
}
