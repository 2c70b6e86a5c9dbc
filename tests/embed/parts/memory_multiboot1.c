// SPDX-License-Identifier: MIT
// Memory by the map of a Multiboot loader (Multiboot 0.6.96, 3.3).
#include "tests/embed/parts/kernel.h"

#include "kmem/region_sources.h"

#define HAS_MEMORY_MAP 0x40

struct multiboot {
    uint32_t flags, memory[2], boot_device, command_line, modules[2], symbols[4];
    uint32_t map_length, map_address;
};

bool memory_add(struct region_map *map, const void *boot_information)
{
    const struct multiboot *multiboot = boot_information;

    region_add(map, 0, PAGE, REGION_RESERVED);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return (multiboot->flags & HAS_MEMORY_MAP) != 0 &&
           region_add_multiboot1(map, (const void *)(uintptr_t)multiboot->map_address,
                                 multiboot->map_length);
}
