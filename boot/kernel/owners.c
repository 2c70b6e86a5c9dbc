// SPDX-License-Identifier: MIT
// THE LIST of the owners of owners.h.
#include "boot/kernel/owners.h"

#include "arch/x86_64/paging.h"
#include "boot/range.h"

// What could wrap has been rejected by handoff_check(), but for a framebuffer, which then is
// nowhere.
static void take(struct region_map *map, uint64_t base, uint64_t size)
{
    struct range pages = {0, 0};

    if (range_of_pages(&pages, base, size) && range_size(pages) > 0)
        region_add(map, pages.start, range_size(pages), REGION_TAKEN);
}

void owners_take(const struct handoff *handoff, struct region_map *map)
{
    uint64_t end = handoff_memory_end();
    const struct handoff_module *module;

    take(map, 0, PAGE_SIZE); // its address looks like a mistake
    take(map, handoff->image_physical, handoff->image_size);
    // The map should call it a device, or reserved.
    take(map, handoff->framebuffer.physical, handoff->framebuffer.size);
    region_add(map, end, UINT64_MAX - end, REGION_TAKEN); // nothing reaches it
    for (size_t i = 0; (module = handoff_module(handoff, i)) != NULL; i++)
        take(map, module->physical, module->size);
}

// Each range may split another in two.
size_t owners_entries(const struct handoff *handoff)
{
    size_t count = 5; // those above but for the modules, and the part that is set

    for (size_t i = 0; handoff_module(handoff, i); i++)
        count++;
    return 2 * count;
}
