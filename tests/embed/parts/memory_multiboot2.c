// SPDX-License-Identifier: MIT
// Memory by the map of a Multiboot2 loader.
#include "tests/embed/parts/kernel.h"

#include "kmem/region_sources.h"

#define PAGE 4096
#define MAPPED (UINT64_C(1) << 30) // by start_x86_64.S

bool memory_add(struct region_map *map, const void *boot_information)
{
    region_add(map, 0, PAGE, REGION_RESERVED);
    region_add(map, MAPPED, UINT64_MAX - MAPPED, REGION_RESERVED);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return region_add_multiboot2(map, boot_information);
}
