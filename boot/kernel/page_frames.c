// SPDX-License-Identifier: MIT
// The list of page_frames.h.
#include "boot/kernel/page_frames.h"

#include "arch/x86_64/string.h"

// What the first frame of a free range holds.
struct free_range {
    physical_t next; // meaningless in the last range of the list
    uint64_t count;  // frames in this range
};

static struct free_range *range_at(const struct page_frames *frames, physical_t start)
{
    return (struct free_range *)(frames->direct_map + start.value);
}

static void push(struct page_frames *frames, physical_t start, struct free_range range)
{
    *range_at(frames, start) = range;
    frames->first = start;
}

void page_frames_give(struct page_frames *frames, physical_t start, physical_t end)
{
    uint64_t count = (end.value - start.value) / PAGE_SIZE;

    if (count == 0)
        return;
    push(frames, start, (struct free_range){frames->first, count});
    frames->free += count;
}

bool page_frames_take(struct page_frames *frames, physical_t *frame)
{
    if (frames->free == 0)
        return false;

    struct free_range range = *range_at(frames, frames->first);
    *frame = frames->first;
    frames->free--;
    if (range.count > 1) {
        range.count--;
        push(frames, physical_add(*frame, PAGE_SIZE), range);
    } else {
        frames->first = range.next;
    }
    return true;
}

bool page_frames_new_table(void *context, physical_t *table)
{
    struct page_frames *frames = context;

    if (!page_frames_take(frames, table))
        return false;
    memset((void *)(frames->direct_map + table->value), 0, PAGE_SIZE);
    return true;
}
