// SPDX-License-Identifier: MIT
// The writing of boot_info.h.
#include "boot/loader/boot_info.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"

enum loader_result boot_info_open_heap(struct loader *loader)
{
    uint64_t region = loader->image.start + (loader->elf.region_start - loader->elf.start);
    const struct early_heap_memory memory = {
        .buffer = (void *)(uintptr_t)region,
        .physical = physical(region),
        .size = loader->region_size,
        .is_substitute = loader->region_size != loader->elf.region_end - loader->elf.region_start,
    };
    const struct early_heap_output output = {&loader->firmware.console,
                                             "loader: ", loader->options.ledger};
    enum fba_status status = early_heap_open(&loader->heap, &memory, output);

    loader->heap.failing.fail_alloc = memory.is_substitute ? 0 : loader->options.fail;
    if (status == FBA_OK)
        return LOADER_DONE;
    return loader_stop(loader, EFI_LOAD_ERROR, "the early heap cannot be opened at 0x%llx: %s",
                       (unsigned long long)region, fba_status_name(status));
}

static enum loader_result write_command_line(struct loader *loader)
{
    size_t size = loader->command_line_size;

    if (size == 0)
        return LOADER_DONE;
    loader->heap.ledger.tag = "command line";
    char *text = allocator_alloc(&loader->heap.allocator, size + 1, 1);
    if (!text)
        return LOADER_OUT_OF_MEMORY;
    memcpy(text, loader->command_line, size);
    text[size] = '\0';
    loader->handoff->command_line =
        (struct handoff_span){early_heap_offset(&loader->heap, text), size};
    return LOADER_DONE;
}

static enum loader_result write_modules(struct loader *loader)
{
    size_t count = loader->options.module_count;

    if (count == 0)
        return LOADER_DONE;
    loader->heap.ledger.tag = "modules";
    struct handoff_module *modules =
        allocator_new_array(&loader->heap.allocator, struct handoff_module, count);
    if (!modules)
        return LOADER_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        memcpy(modules[i].name, loader->options.modules[i], sizeof modules[i].name);
        modules[i].physical = loader->modules[i].pages.start;
        modules[i].size = loader->modules[i].size;
    }
    loader->handoff->modules =
        (struct handoff_span){early_heap_offset(&loader->heap, modules), count * sizeof *modules};
    return LOADER_DONE;
}

static struct handoff_framebuffer find_framebuffer(struct loader *loader)
{
    struct firmware_framebuffer screen = firmware_find_framebuffer(&loader->firmware);

    return (struct handoff_framebuffer){
        .physical = screen.physical,
        .size = screen.size,
        .width = screen.width,
        .height = screen.height,
        .pixels_per_line = screen.pixels_per_line,
        .format = screen.format,
        .red_mask = screen.masks.RedMask,
        .green_mask = screen.masks.GreenMask,
        .blue_mask = screen.masks.BlueMask,
        .reserved_mask = screen.masks.ReservedMask,
    };
}

enum loader_result boot_info_write(struct loader *loader)
{
    loader->heap.ledger.tag = "boot info";
    loader->handoff = allocator_new(&loader->heap.allocator, struct handoff);
    if (!loader->handoff)
        return LOADER_OUT_OF_MEMORY;
    *loader->handoff = (struct handoff){.framebuffer = find_framebuffer(loader)};
    enum loader_result result = write_command_line(loader);
    return result == LOADER_DONE ? write_modules(loader) : result;
}

enum loader_result boot_info_reserve_map(struct loader *loader)
{
    EFI_STATUS status = firmware_map_capacity(&loader->firmware, &loader->map_capacity);

    if (EFI_ERROR(status))
        return loader_stop(loader, status, "the size of the firmware's memory map is not known: %s",
                           firmware_map_defect(status));
    loader->heap.ledger.tag = "memory map";
    loader->map_buffer =
        allocator_alloc(&loader->heap.allocator, loader->map_capacity, sizeof(uint64_t));
    return loader->map_buffer ? LOADER_DONE : LOADER_OUT_OF_MEMORY;
}

enum loader_result boot_info_complete(struct loader *loader)
{
    struct handoff *handoff = loader->handoff;
    const struct elf_image *elf = &loader->elf;
    struct firmware_tables tables = firmware_find_tables(&loader->firmware);

    handoff->magic = HANDOFF_MAGIC;
    handoff->version = HANDOFF_VERSION;
    handoff->size = sizeof *handoff;
    handoff->image_physical = loader->image.start;
    handoff->image_virtual = elf->start;
    handoff->image_size = loader->image.pages * PAGE_SIZE;
    handoff->region_physical = loader->heap.memory.physical.value;
    handoff->region_virtual = elf->region_start;
    handoff->linked_size = elf->region_end - elf->region_start;
    handoff->direct_map = HANDOFF_DIRECT_MAP;
    handoff->page_table_root = loader->paging.root.value;
    handoff->acpi_rsdp = tables.acpi_rsdp;
    handoff->acpi_rsdp_1 = tables.acpi_rsdp_1;
    handoff->smbios = tables.smbios;
    handoff->efi_system_table = (uintptr_t)loader->firmware.system;
    handoff->failure = loader->failure;
    handoff->loader_tsc = loader->tsc;
    early_heap_close_journal(&loader->heap);
    enum fba_status status = early_heap_export(&loader->heap, handoff);
    if (status == FBA_OK)
        return LOADER_DONE;
    return loader_stop(loader, EFI_ABORTED, "the early heap cannot be exported: %s",
                       fba_status_name(status));
}
