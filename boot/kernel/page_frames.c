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

static bool is_alignment(size_t align)
{
    return align != 0 && align <= PAGE_SIZE && PAGE_SIZE % align == 0;
}

static void *frame_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct page_frames *frames = context;
    physical_t frame;

    (void)caller;
    if (size > PAGE_SIZE || !is_alignment(align) || !page_frames_take(frames, &frame))
        return NULL;
    return (void *)(frames->direct_map + frame.value);
}

static bool frame_resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                         const void *caller)
{
    (void)context;
    (void)block;
    (void)old_size;
    (void)align;
    (void)caller;
    return new_size <= PAGE_SIZE;
}

static void frame_free(void *context, void *block, size_t size, size_t align, const void *caller)
{
    struct page_frames *frames = context;
    physical_t frame = physical((uintptr_t)block - frames->direct_map);

    (void)size;
    (void)align;
    (void)caller;
    page_frames_give(frames, frame, physical_add(frame, PAGE_SIZE));
}

static size_t frame_available(void *context, size_t align)
{
    const struct page_frames *frames = context;

    return frames->free != 0 && is_alignment(align) ? PAGE_SIZE : 0;
}

struct allocator page_frames_allocator(struct page_frames *frames)
{
    static const struct allocator_operations operations = {frame_alloc, frame_resize, frame_free,
                                                           frame_available};

    return (struct allocator){&operations, frames};
}
