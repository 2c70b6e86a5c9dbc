// SPDX-License-Identifier: MIT
// The last two steps: the handoff filled in, and the firmware left.
#include "boot/loader/loader.h"

bool loader_fill_handoff(struct loader *loader)
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
    handoff->image_size = loader->image.pages * PAGING_4K;
    handoff->region_physical = loader->heap.memory.physical.value;
    handoff->region_virtual = elf->region_start;
    handoff->linked_size = elf->region_end - elf->region_start;
    handoff->direct_map = HANDOFF_DIRECT_MAP;
    handoff->page_table_root = loader->paging.root.value;
    handoff->framebuffer = (struct handoff_framebuffer){screen.physical,        screen.size,
                                                        screen.width,           screen.height,
                                                        screen.pixels_per_line, screen.format};
    handoff->acpi_rsdp = tables.acpi_rsdp;
    handoff->smbios = tables.smbios;
    handoff->efi_system_table = (uintptr_t)loader->firmware.system;
    handoff->failure = loader->failure;
    handoff->loader_tsc = loader->tsc;
    enum fba_status status = early_heap_export(&loader->heap, handoff);
    if (status == FBA_OK)
        return true;
    return loader_stop(loader, EFI_ABORTED, "the early heap cannot be handed over: %s",
                       fba_status_name(status));
}

bool loader_exit_firmware(struct loader *loader)
{
    struct handoff *handoff = loader->handoff;
    struct memory_map map;
    UINT32 version = 0;
    bool exiting = false;

    EFI_STATUS status = firmware_exit(&loader->firmware, loader->map_buffer, loader->map_capacity,
                                      &map, &version, &exiting);
    if (EFI_ERROR(status) && exiting) {
        loader->firmware_half_gone = true;
        loader->status = status;
        return false;
    }
    if (EFI_ERROR(status))
        return loader_stop(loader, status,
                           "the final memory map does not fit the %llu bytes set aside",
                           (unsigned long long)loader->map_capacity);
    handoff->memory_map = (struct handoff_memory_map){
        .span = {early_heap_offset(&loader->heap, loader->map_buffer), map.size},
        .descriptor_size = (uint32_t)map.stride,
        .descriptor_version = version,
    };
    return true;
}
