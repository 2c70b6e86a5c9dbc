// SPDX-License-Identifier: MIT
// The choice of substitute.h.
#include "boot/kernel/substitute.h"

bool substitute_open(struct kernel *kernel)
{
    const struct handoff *handoff = kernel->handoff;
    struct memory_map map = handoff_memory_map(handoff);
    struct region largest = memory_map_largest_conventional(&map);

    // Congruent to the region, so that every alignment costs the padding it would have cost there.
    uint64_t distance = (handoff->region_virtual - largest.start) % HANDOFF_IMAGE_ALIGN;
    uint64_t room = largest.end - largest.start;
    if (room <= distance || room - distance <= handoff->heap.size)
        return false;
    device_map_clear(&kernel->devices);
    const struct early_heap_memory substitute = {
        .buffer = (void *)(handoff->direct_map + largest.start + distance),
        .physical = physical(largest.start + distance),
        .size = room - distance,
        .is_substitute = true,
    };
    return early_heap_adopt(&kernel->heap, &substitute, handoff, kernel->heap.output) == FBA_OK;
}
