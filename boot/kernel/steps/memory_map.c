// SPDX-License-Identifier: MIT
// Takes one list from the early heap.
#include "boot/kernel/steps/memory_map.h"

#include "arch/x86_64/string.h"
#include "boot/kernel/budget.h"
#include "boot/kernel/owners.h"
#include "boot/range.h"
#include "kmem/array_list.h"

BUDGET("memory map", PAGE_SIZE, 0, 0);

#define CLAIM_ENTRIES 2u   // a claim may split a range
#define FURTHER_CLAIMS 32u // entries of room for more of them

static struct region_map ranges;

static void print_ranges(const struct writer *writer)
{
    for (size_t i = 0; i < ranges.count; i++) {
        const struct region *range = &ranges.entries[i];
        writer_print(writer, "kernel:   0x%012llx-0x%012llx %s\n", (unsigned long long)range->start,
                     (unsigned long long)range->end, memory_kind_name(range->kind));
    }
}

// As far as it can be used.
static uint64_t usable_bytes(void)
{
    const uint64_t end = handoff_memory_end();
    struct region range = {0, 0, MEMORY_USABLE};
    uint64_t usable = 0;

    while (region_next(&ranges, PAGE_SIZE, &range) && range.start < end)
        usable += (range.end < end ? range.end : end) - range.start;
    return usable;
}

// Reads the map into a list that has room for it and for `more` ranges. Only descriptors that
// overlap can come to more ranges than there are descriptors. False iff an allocation failed.
static bool read_ranges(struct memory_map *map, size_t more, struct allocator allocator)
{
    struct array_list list = array_list_of(struct region, allocator);

    memory_map_sort(map);
    for (size_t room = map->size / map->stride;; room *= 2) {
        if (!array_list_reserve(&list, room + more))
            return false;
        region_init(&ranges, list.items, room);
        memory_map_read(map, &ranges);
        if (ranges.lacking == 0)
            break;
    }
    list.count = ranges.count + more;
    array_list_shrink_to_fit(&list);
    ranges.entries = list.items;
    ranges.capacity = list.count;
    return true;
}

enum step_result step_memory_map(struct kernel *kernel)
{
    struct memory_map map = handoff_memory_map(kernel->handoff);

    if (!read_ranges(&map, owners_entries(kernel->handoff), kernel->heap.allocator))
        return STEP_NO_MEMORY;
    writer_print(console_at(&kernel->console, CONSOLE_INFO),
                 "kernel: memory map: %zu descriptor%s are %zu range%s, %llu KiB usable\n",
                 map.size / map.stride, writer_plural(map.size / map.stride), ranges.count,
                 writer_plural(ranges.count), (unsigned long long)usable_bytes() / 1024);
    if (console_prints(&kernel->console, CONSOLE_DEBUG)) // formatting them takes its time, too
        print_ranges(&kernel->console.writer);
    return STEP_DONE;
}

// Room for a claim, and still for the owners.
static bool make_room(struct kernel *kernel)
{
    size_t needed = ranges.count + CLAIM_ENTRIES + owners_entries(kernel->handoff);
    struct array_list list = array_list_of(struct region, kernel->heap.allocator);

    if (ranges.capacity >= needed)
        return true;
    if (!array_list_reserve(&list, needed + FURTHER_CLAIMS))
        return false;
    memcpy(list.items, ranges.entries, ranges.count * sizeof *ranges.entries);
    ranges.entries = list.items;
    ranges.capacity = needed + FURTHER_CLAIMS;
    return true;
}

bool step_memory_map_claim_acpi(struct kernel *kernel, uint64_t start, uint64_t size,
                                uint64_t *claimed)
{
    struct range pages;

    if (!range_of_pages(&pages, start, size))
        return true;
    struct region usable = {0, pages.start, MEMORY_USABLE};
    while (region_next(&ranges, PAGE_SIZE, &usable) && usable.start < pages.end) {
        if (usable.end > pages.end)
            usable.end = pages.end;
        if (!make_room(kernel))
            return false;
        region_add(&ranges, usable.start, usable.end - usable.start, MEMORY_ACPI_RECLAIM);
        *claimed += usable.end - usable.start;
    }
    return true;
}

struct region_map *step_memory_map_ranges(void)
{
    return &ranges;
}
