// SPDX-License-Identifier: MIT
// The exit of exit_boot_services.h.
#include "boot/loader/exit_boot_services.h"

enum loader_result exit_boot_services(struct loader *loader)
{
    struct memory_map map;
    uint32_t version = 0;
    EFI_STATUS status;

    switch (firmware_exit(&loader->firmware, loader->map_buffer, loader->map_capacity, &map,
                          &version, &status)) {
    case FIRMWARE_EXITED:
        loader->handoff->memory_map = (struct handoff_memory_map){
            .span = {early_heap_offset(&loader->heap, loader->map_buffer), map.size},
            .descriptor_size = (uint32_t)map.stride,
            .descriptor_version = version,
        };
        return LOADER_DONE;
    case FIRMWARE_INTACT:
        return loader_stop(loader, status,
                           "the final memory map cannot be read to a buffer of %llu bytes: %s; "
                           "start again",
                           (unsigned long long)loader->map_capacity, firmware_map_defect(status));
    case FIRMWARE_EXIT_FAILED:
        break;
    }
    loader->status = status;
    return LOADER_EXIT_FAILED;
}
