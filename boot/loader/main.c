// SPDX-License-Identifier: MIT
// The loader: a UEFI application that reads \kernel.elf from the volume it was started from, puts
// it where memory is free, opens the early heap in the region that the kernel reserves, leaves
// there everything the kernel needs, and jumps. boot/handoff.h is its contract.
//
// Until boot services have ended, whatever goes wrong is a sentence on the firmware's console and
// a status returned to the firmware, with its memory given back. Afterwards it is a sentence on
// the serial line.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/serial.h"
#include "boot/handoff.h"
#include "boot/loader/elf.h"
#include "boot/loader/firmware.h"
#include "boot/loader/space.h"
#include "boot/memory_map.h"
#include "kmem/fba.h"
#include "kmem/fba_allocator.h"
#include "kmem/ledger.h"
#include "kmem/report.h"

#include <efi.h>

#define KERNEL_FILE_MAX (UINT64_C(64) << 20)
// The map may grow between its measurement and the exit: our own allocations split descriptors,
// and the firmware's timers allocate. Whole pages, so that the size hardly varies among boots.
#define MEMORY_MAP_SLACK 32
// What a measuring run adds to a region that was too small, and adds again if that was too little.
#define MEASURING_STEP (UINT64_C(4) << 20)
#define LEDGER_ENTRIES 64

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);
void enter_kernel(uint64_t root, uint64_t entry, uint64_t handoff);

struct loader {
    struct firmware firmware;
    EFI_STATUS status; // what went wrong, for the firmware
    uint64_t tsc;

    struct firmware_pages kernel_file;
    struct firmware_pages command_line_file;
    uint64_t command_line_size;
    struct elf_image elf;

    struct firmware_pages image;
    uint64_t region_size; // what is used for the region: more than linked in a measuring run
    struct fba fba;
    struct ledger ledger;
    struct ledger_entry ledger_entries[LEDGER_ENTRIES];
    struct allocator heap;
    bool ran_out; // in this try
    struct handoff_refusal refusal;

    struct handoff *handoff;
    struct paging paging;
    struct firmware_pages jump_tables;
    void *map_buffer;
    uint64_t map_capacity;
};

static bool stop(struct loader *loader, EFI_STATUS status)
{
    writer_print(&loader->firmware.console, " (");
    firmware_print_status(&loader->firmware, status);
    writer_print(&loader->firmware.console, ")\n");
    loader->status = status;
    return false;
}

#define STOP(loader, status, ...)                                                                  \
    (writer_print(&(loader)->firmware.console, "loader: stopped: " __VA_ARGS__),                   \
     stop((loader), (status)))

static bool check_processor(struct loader *loader)
{
    enum paging_status status = paging_supported();

    if (status == PAGING_OK)
        return true;
    return STOP(loader, EFI_UNSUPPORTED, "this processor or its firmware cannot run the kernel: %s",
                paging_status_name(status));
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

static bool read_kernel(struct loader *loader)
{
    uint64_t size;
    struct elf_defect defect;
    EFI_STATUS status = firmware_read_file(&loader->firmware, L"\\kernel.elf", KERNEL_FILE_MAX,
                                           &loader->kernel_file, &size);

    if (status == EFI_NO_MEDIA)
        return STOP(loader, status,
                    "the loader was started from no volume with a file system; start it from the "
                    "volume that holds \\kernel.elf");
    if (status == EFI_NOT_FOUND)
        return STOP(loader, status,
                    "no \\kernel.elf on the volume that the loader was started from; put the "
                    "kernel file there, in the top folder");
    if (EFI_ERROR(status))
        return STOP(loader, status, "\\kernel.elf, %llu bytes, could not be read (at most %llu)",
                    (unsigned long long)size, (unsigned long long)KERNEL_FILE_MAX);
    if (!elf_check((const void *)(uintptr_t)loader->kernel_file.start, size, &loader->elf,
                   &defect)) {
        writer_print(&loader->firmware.console, "loader: stopped: ");
        elf_describe(&loader->firmware.console, &defect);
        return stop(loader, EFI_LOAD_ERROR);
    }
    return true;
}

static bool read_command_line(struct loader *loader)
{
    EFI_STATUS status =
        firmware_read_file(&loader->firmware, L"\\cmdline.txt", HANDOFF_COMMAND_LINE_MAX,
                           &loader->command_line_file, &loader->command_line_size);

    if (status == EFI_NOT_FOUND) {
        loader->command_line_size = 0;
        return true;
    }
    if (EFI_ERROR(status))
        return STOP(loader, status, "\\cmdline.txt, %llu bytes, could not be read (at most %u)",
                    (unsigned long long)loader->command_line_size, HANDOFF_COMMAND_LINE_MAX);
    return true;
}

// ── The image ───────────────────────────────────────────────────────────────────────────────────

static uint64_t largest_free_piece(struct loader *loader)
{
    uint64_t size, stride;
    struct firmware_pages pages;
    struct memory_map map;
    struct memory_range largest = {0};
    UINT32 version;
    UINTN key;

    if (EFI_ERROR(firmware_map_size(&loader->firmware, &size, &stride)))
        return 0;
    size += MEMORY_MAP_SLACK * stride;
    if (EFI_ERROR(firmware_allocate(&loader->firmware, size, EFI_PAGE_SIZE, &pages)))
        return 0;
    if (!EFI_ERROR(firmware_read_map(&loader->firmware, (void *)(uintptr_t)pages.start, size, &map,
                                     &version, &key)))
        largest = memory_map_largest_conventional(&map);
    firmware_free(&loader->firmware, &pages);
    return largest.end - largest.start;
}

static uint64_t image_size(const struct loader *loader)
{
    uint64_t region_end = loader->elf.region_start + loader->region_size;

    return (region_end > loader->elf.end ? region_end : loader->elf.end) - loader->elf.start;
}

static bool place_image(struct loader *loader)
{
    // Linked at an address that is congruent to where it is put.
    uint64_t offset = loader->elf.start % HANDOFF_IMAGE_ALIGN;

    if (offset != 0 || loader->region_size > UINT64_MAX - loader->elf.region_start)
        return STOP(loader, EFI_LOAD_ERROR,
                    "the image begins at 0x%llx, which is not a multiple of 2 MiB, or its region "
                    "of %llu KiB leaves the address space",
                    (unsigned long long)loader->elf.start,
                    (unsigned long long)loader->region_size / 1024);
    EFI_STATUS status = firmware_allocate(&loader->firmware, image_size(loader),
                                          HANDOFF_IMAGE_ALIGN, &loader->image);
    if (EFI_ERROR(status))
        return STOP(loader, status,
                    "the kernel and its early heap need %llu KiB of free memory in one piece; the "
                    "largest free piece has %llu KiB: link with a smaller EARLY_HEAP (now %llu "
                    "KiB) or give the machine more memory",
                    (unsigned long long)(image_size(loader) + HANDOFF_IMAGE_ALIGN) / 1024,
                    (unsigned long long)largest_free_piece(loader) / 1024,
                    (unsigned long long)loader->region_size / 1024);
    return true;
}

// Copies what the file has and clears what it has not, up to the end of each segment's last page;
// the region is not touched.
static void load_image(struct loader *loader)
{
    for (size_t i = 0; i < loader->elf.segment_count; i++) {
        const struct elf_segment *segment = &loader->elf.segments[i];
        unsigned char *to =
            (unsigned char *)(uintptr_t)(loader->image.start + segment->start - loader->elf.start);
        uint64_t size = (segment->end - segment->start + PAGING_4K - 1) & ~(PAGING_4K - 1);
        __builtin_memcpy(
            to, (const void *)(uintptr_t)(loader->kernel_file.start + segment->offset),
            segment->file_size);
        __builtin_memset(to + segment->file_size, 0, size - segment->file_size);
    }
}

// ── The early heap ──────────────────────────────────────────────────────────────────────────────

static void note_refusal(struct fba *fba, void *context)
{
    struct loader *loader = context;
    const struct report report = {&loader->firmware.console, "loader: ", "early heap",
                                  &loader->ledger, 0};

    loader->ran_out = true;
    if (loader->refusal.count++ > 0)
        return;
    loader->refusal.size = fba->failure.size;
    loader->refusal.align = fba->failure.align;
    loader->refusal.available = fba->failure.available;
    loader->refusal.shortfall = fba->failure.shortfall;
    const char *what = loader->ledger.tag;
    for (size_t i = 0; what[i] != '\0' && i < sizeof loader->refusal.what - 1; i++)
        loader->refusal.what[i] = what[i];
    report_failure(&report, fba);
}

static bool open_heap(struct loader *loader)
{
    uint64_t region = loader->image.start + loader->elf.region_start - loader->elf.start;

    loader->ran_out = false;
    enum fba_status status =
        fba_init(&loader->fba, (void *)(uintptr_t)region, loader->region_size);
    if (status != FBA_OK)
        return STOP(loader, EFI_LOAD_ERROR, "the early heap cannot be opened at 0x%llx: %s",
                    (unsigned long long)region, fba_status_name(status));
    fba_set_failure_hook(&loader->fba, note_refusal, loader);
    ledger_init(&loader->ledger, fba_allocator(&loader->fba), loader->ledger_entries,
                LEDGER_ENTRIES);
    loader->heap = ledger_allocator(&loader->ledger);
    return true;
}

// Where a block of the region will be for the kernel.
static uint64_t offset_of(const struct loader *loader, const void *block)
{
    return (uintptr_t)block - loader->fba.base;
}

static bool leave_boot_info(struct loader *loader)
{
    loader->ledger.tag = "boot info";
    loader->handoff = allocator_new(&loader->heap, struct handoff);
    if (!loader->handoff)
        return false;
    *loader->handoff = (struct handoff){0};
    if (loader->command_line_size == 0)
        return true;

    loader->ledger.tag = "command line";
    char *text = allocator_alloc(&loader->heap, loader->command_line_size + 1, 1);
    if (!text)
        return false;
    __builtin_memcpy(text, (const void *)(uintptr_t)loader->command_line_file.start,
                     loader->command_line_size);
    text[loader->command_line_size] = '\0';
    loader->handoff->command_line =
        (struct handoff_span){offset_of(loader, text), loader->command_line_size};
    return true;
}

static bool make_room_for_map(struct loader *loader)
{
    uint64_t size, stride;
    EFI_STATUS status = firmware_map_size(&loader->firmware, &size, &stride);

    if (EFI_ERROR(status))
        return STOP(loader, status, "the firmware does not say how large its memory map is");
    loader->ledger.tag = "memory map";
    size += MEMORY_MAP_SLACK * stride;
    loader->map_capacity = (size + PAGING_4K - 1) & ~(PAGING_4K - 1);
    loader->map_buffer = allocator_alloc(&loader->heap, loader->map_capacity, sizeof(uint64_t));
    return loader->map_buffer != NULL;
}

// ── The address space ───────────────────────────────────────────────────────────────────────────

static bool table_from_heap(void *context, physical_t *table)
{
    struct loader *loader = context;
    void *page = allocator_alloc(&loader->heap, PAGING_4K, PAGING_4K);

    if (!page)
        return false;
    __builtin_memset(page, 0, PAGING_4K);
    *table = physical((uintptr_t)page);
    return true;
}

static bool map_kernel(struct loader *loader)
{
    struct memory_map map;
    UINT32 version;
    UINTN key;
    physical_t image = physical(loader->image.start);

    EFI_STATUS read = firmware_read_map(&loader->firmware, loader->map_buffer,
                                        loader->map_capacity, &map, &version, &key);
    if (EFI_ERROR(read))
        return STOP(loader, read, "the firmware's memory map cannot be read");
    memory_map_sort(&map);

    loader->ledger.tag = "page tables";
    loader->paging = (struct paging){.new_table = table_from_heap, .context = loader};
    if (!table_from_heap(loader, &loader->paging.root))
        return false;
    enum paging_status status =
        space_map_image(&loader->paging, &loader->elf, image,
                        loader->elf.region_start + loader->region_size);
    if (status == PAGING_OK)
        status = space_map_window(&loader->paging, &loader->elf, image, &map);
    if (status == PAGING_OK || loader->ran_out)
        return status == PAGING_OK;
    return STOP(loader, EFI_LOAD_ERROR, "the kernel's address space cannot be built: %s",
                paging_status_name(status));
}

// Tables of the jump, which the kernel drops at once: three levels below the root.
#define JUMP_TABLES 3

static bool table_for_jump(void *context, physical_t *table)
{
    struct loader *loader = context;

    if (loader->jump_tables.pages == 0)
        return false;
    *table = physical(loader->jump_tables.start);
    __builtin_memset((void *)(uintptr_t)loader->jump_tables.start, 0, PAGING_4K);
    loader->jump_tables.start += PAGING_4K;
    loader->jump_tables.pages--;
    return true;
}

static bool map_jump(struct loader *loader)
{
    uint64_t page = (uintptr_t)&enter_kernel & ~(PAGING_4K - 1);
    struct paging paging = {
        .root = loader->paging.root, .new_table = table_for_jump, .context = loader};
    EFI_STATUS status = firmware_allocate(&loader->firmware, JUMP_TABLES * PAGING_4K, PAGING_4K,
                                          &loader->jump_tables);

    if (EFI_ERROR(status))
        return STOP(loader, status, "no memory for the page tables of the jump");
    struct firmware_pages all = loader->jump_tables;
    enum paging_status mapped =
        paging_map(&paging, page, physical(page), PAGING_4K, PAGING_READ_EXECUTE);
    loader->jump_tables = all;
    if (mapped == PAGING_OK)
        return true;
    return STOP(loader, EFI_LOAD_ERROR, "the jump to the kernel cannot be mapped: %s",
                paging_status_name(mapped));
}

// ── A try, and another one in a larger region ───────────────────────────────────────────────────

static bool prepare(struct loader *loader)
{
    if (!place_image(loader))
        return false;
    load_image(loader);
    return open_heap(loader) && leave_boot_info(loader) && make_room_for_map(loader) &&
           map_kernel(loader) && map_jump(loader);
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
        if (!loader->ran_out)
            return false;
        give_back_try(loader);
        loader->region_size = 2 * loader->region_size + MEASURING_STEP;
        loader->ran_out = false;
        writer_print(&loader->firmware.console,
                     "loader: going on with %llu KiB, only to measure what this boot needs\n",
                     (unsigned long long)loader->region_size / 1024);
    }
    return true;
}

// ── Leaving ─────────────────────────────────────────────────────────────────────────────────────

static bool fill_handoff(struct loader *loader)
{
    struct handoff *handoff = loader->handoff;
    const struct elf_image *elf = &loader->elf;
    struct firmware_framebuffer screen = firmware_find_framebuffer(&loader->firmware);
    struct firmware_tables tables = firmware_find_tables(&loader->firmware);

    handoff->magic = HANDOFF_MAGIC;
    handoff->version = HANDOFF_VERSION;
    handoff->size = sizeof *handoff;
    handoff->image_physical = loader->image.start;
    handoff->image_virtual = elf->start;
    handoff->image_size = image_size(loader);
    handoff->region_physical = loader->fba.base;
    handoff->region_virtual = elf->region_start;
    handoff->linked_size = elf->region_end - elf->region_start;
    handoff->heap_requested = loader->ledger.requested;
    handoff->window = HANDOFF_WINDOW;
    handoff->page_table_root = loader->paging.root.value;
    handoff->framebuffer =
        (struct handoff_framebuffer){screen.physical, screen.size,           screen.width,
                                     screen.height,   screen.pixels_per_line, screen.format};
    handoff->acpi_rsdp = tables.acpi_rsdp;
    handoff->smbios = tables.smbios;
    handoff->efi_system_table = (uintptr_t)loader->firmware.system;
    handoff->refusal = loader->refusal;
    handoff->loader_tsc = loader->tsc;
    enum fba_status status = fba_export(&loader->fba, &handoff->heap);
    if (status == FBA_OK)
        return true;
    return STOP(loader, EFI_ABORTED, "the early heap cannot be handed over: %s",
                fba_status_name(status));
}

static _Noreturn void die_on_serial_line(EFI_STATUS status)
{
    struct serial serial;
    const struct writer line = {serial_write, &serial};

    serial_open(&serial, SERIAL_COM1);
    writer_print(&line,
                 "loader: stopped: the firmware did not let go of the machine, and is half gone "
                 "(status 0x%llx)\n",
                 (unsigned long long)status);
    power_halt();
}

static bool exit_firmware(struct loader *loader)
{
    struct handoff *handoff = loader->handoff;
    struct memory_map map;
    UINT32 version = 0;
    bool exiting = false;

    EFI_STATUS status = firmware_exit(&loader->firmware, loader->map_buffer, loader->map_capacity,
                                      &map, &version, &exiting);
    if (EFI_ERROR(status) && exiting)
        die_on_serial_line(status);
    if (EFI_ERROR(status))
        return STOP(loader, status, "the final memory map does not fit the %llu bytes set aside",
                    (unsigned long long)loader->map_capacity);
    handoff->memory_map = (struct handoff_memory_map){
        .span = {offset_of(loader, loader->map_buffer), map.size},
        .descriptor_size = (uint32_t)map.stride,
        .descriptor_version = version,
    };
    return true;
}

static void jump(struct loader *loader)
{
    paging_enable_protections();
    enter_kernel(loader->paging.root.value, loader->elf.entry,
                 loader->elf.region_start + offset_of(loader, loader->handoff));
}

static void announce(struct loader *loader)
{
    writer_print(&loader->firmware.console,
                 "loader: kernel at 0x%llx, entry 0x%llx, early heap %llu KiB, %llu used\n",
                 (unsigned long long)loader->image.start, (unsigned long long)loader->elf.entry,
                 (unsigned long long)loader->region_size / 1024,
                 (unsigned long long)fba_used(&loader->fba));
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct loader loader;

    loader.tsc = cpu_rdtsc();
    firmware_open(&loader.firmware, image, system);
    if (check_processor(&loader) && read_kernel(&loader) && read_command_line(&loader) &&
        prepare_or_measure(&loader) && fill_handoff(&loader)) {
        firmware_free(&loader.firmware, &loader.kernel_file);
        firmware_free(&loader.firmware, &loader.command_line_file);
        announce(&loader);
        if (exit_firmware(&loader))
            jump(&loader);
    }
    give_back_try(&loader);
    firmware_free(&loader.firmware, &loader.kernel_file);
    firmware_free(&loader.firmware, &loader.command_line_file);
    return loader.status;
}
