// SPDX-License-Identifier: MIT
// Memory by the linker script, for a machine without firmware that could be asked.
#include "tests/embed/parts/kernel.h"

extern unsigned char memory_start[], memory_end[];

bool memory_add(struct region_map *map, const void *boot_information)
{
    (void)boot_information;
    region_add(map, (uintptr_t)memory_start, (uintptr_t)memory_end - (uintptr_t)memory_start,
               REGION_USABLE);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return true;
}
