// SPDX-License-Identifier: MIT
// Memory by the map of a PVH loader (Xen, "x86/HVM direct boot ABI", since version 1).
#include "tests/embed/parts/kernel.h"

#include "kmem/region_sources.h"

#define ENTRY_SIZE 24

struct hvm_start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, map_address;
    uint32_t map_count, reserved;
};

bool memory_add(struct region_map *map, const void *boot_information)
{
    const struct hvm_start_info *info = boot_information;

    region_add(map, 0, PAGE, REGION_RESERVED);
    region_add(map, X86_64_MAPPED, UINT64_MAX - X86_64_MAPPED, REGION_RESERVED);
    region_add(map, (uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start,
               REGION_TAKEN);
    return info->version >= 1 && region_add_e820(map, (const void *)(uintptr_t)info->map_address,
                                                 info->map_count, ENTRY_SIZE);
}
