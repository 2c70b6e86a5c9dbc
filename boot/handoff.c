// SPDX-License-Identifier: MIT
// The parts of the region that handoff.h points to.
#include "boot/handoff.h"

#define DIRECT_MAP_SIZE (HANDOFF_DIRECT_MAP_END - HANDOFF_DIRECT_MAP)

uint64_t handoff_memory_end(void)
{
    uint64_t end = paging_physical_end();

    return end < DIRECT_MAP_SIZE ? end : DIRECT_MAP_SIZE;
}

bool handoff_is_memory(const struct paging *paging, uint64_t start, uint64_t size)
{
    uint64_t end = handoff_memory_end();

    return start < end && paging_maps_any(paging, HANDOFF_DIRECT_MAP + start,
                                          size < end - start ? size : end - start);
}

struct memory_map handoff_memory_map(const struct handoff *handoff)
{
    return (struct memory_map){
        .descriptors = (unsigned char *)(handoff->region_virtual + handoff->memory_map.span.offset),
        .size = handoff->memory_map.span.size,
        .stride = handoff->memory_map.descriptor_size,
    };
}

const char *handoff_command_line(const struct handoff *handoff)
{
    return handoff->command_line.size == 0
               ? ""
               : (const char *)(handoff->region_virtual + handoff->command_line.offset);
}

const struct handoff_module *handoff_module(const struct handoff *handoff, size_t number)
{
    const struct handoff_module *modules =
        (const struct handoff_module *)(handoff->region_virtual + handoff->modules.offset);

    return number < handoff->modules.size / sizeof *modules ? &modules[number] : NULL;
}
