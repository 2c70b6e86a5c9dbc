// SPDX-License-Identifier: MIT
// Memory by a device tree.
#include "tests/embed/parts/kernel.h"

#include "kmem/region_fdt.h"

bool memory_add(struct region_map *map, const void *boot_information)
{
    uint32_t size = region_fdt_size(boot_information);

    region_add(map, (uintptr_t)boot_information, size, REGION_TAKEN);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return size != 0 && region_add_fdt(map, boot_information, size);
}
