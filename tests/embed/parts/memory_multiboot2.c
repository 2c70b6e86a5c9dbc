// SPDX-License-Identifier: MIT
// Memory by the map of a Multiboot2 loader.
#include "tests/embed/parts/kernel.h"

#include "kmem/region_sources.h"

bool memory_add(struct region_map *map, const void *boot_information)
{
    region_add(map, 0, PAGE, REGION_RESERVED);
    region_add(map, X86_64_MAPPED, UINT64_MAX - X86_64_MAPPED, REGION_RESERVED);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return region_add_multiboot2(map, boot_information);
}
