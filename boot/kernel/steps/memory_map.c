// SPDX-License-Identifier: MIT
// Takes one list from the early heap.
#include "boot/kernel/steps/memory_map.h"

#include "boot/kernel/budget.h"

BUDGET("memory map", PAGE_SIZE, 0, 0);

static struct array_list ranges;

static void print_ranges(const struct writer *writer)
{
    array_list_each(struct memory_range, range, &ranges)
    {
        writer_print(writer, "kernel:   0x%012llx-0x%012llx %s\n", (unsigned long long)range->start,
                     (unsigned long long)range->end, memory_kind_name(range->kind));
    }
}

enum step_result step_memory_map(struct kernel *kernel)
{
    struct memory_map map = handoff_memory_map(kernel->handoff);
    struct memory_map_cursor cursor = {0};
    struct memory_range range;
    uint64_t usable = 0;

    memory_map_sort(&map);
    ranges = array_list_of(struct memory_range, kernel->heap.allocator);
    while (memory_map_next(&map, &cursor, &range)) {
        if (!array_list_append(&ranges, &range))
            return STEP_NO_MEMORY;
        if (range.kind == MEMORY_USABLE)
            usable += range.end - range.start;
    }
    array_list_shrink_to_fit(&ranges);
    writer_print(console_at(&kernel->console, CONSOLE_INFO),
                 "kernel: memory map: %zu descriptors are %zu ranges, %llu KiB usable\n",
                 map.size / map.stride, ranges.count, (unsigned long long)usable / 1024);
    if (console_prints(&kernel->console, CONSOLE_DEBUG)) // formatting them takes its time, too
        print_ranges(&kernel->console.writer);
    return STEP_DONE;
}

const struct array_list *step_memory_map_ranges(void)
{
    return &ranges;
}
