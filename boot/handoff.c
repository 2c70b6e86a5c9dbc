// SPDX-License-Identifier: MIT
// The parts of the region that handoff.h points to.
#include "boot/handoff.h"

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
