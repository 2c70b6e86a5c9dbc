// SPDX-License-Identifier: MIT
// The seal of seal.h.
#include "boot/kernel/seal.h"

#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/steps/processors.h"
#include "boot/kernel/steps/screen.h"
#include "boot/range.h"
#include "kmem/fba_account.h"

// The part of `memory` that is in `owned`, if it begins before the part `first`; else `first`.
static struct memory_range earlier(struct memory_range memory, struct memory_range first,
                                   struct range owned)
{
    if (owned.start >= first.start || owned.end <= memory.start || owned.start >= owned.end)
        return first;
    first.start = owned.start > memory.start ? owned.start : memory.start;
    first.end = owned.end < memory.end ? owned.end : memory.end;
    return first;
}

enum { FRAME_0, IMAGE, FRAMEBUFFER, BEYOND_PROCESSOR, MODULES };

// THE LIST of the owners of memory that the map calls usable. Empty where there is no such owner;
// returns false iff `number` is behind the last. What could wrap has been rejected by
// handoff_check(), but for a framebuffer, which then is nowhere.
static bool find_owned(const struct handoff *handoff, size_t number, struct range *owned)
{
    const struct handoff_framebuffer *screen = &handoff->framebuffer;
    const struct handoff_module *module;

    *owned = (struct range){0, 0};
    switch (number) {
    case FRAME_0: // its address looks like a mistake
        *owned = (struct range){0, PAGE_SIZE};
        return true;
    case IMAGE:
        (void)range_of_pages(owned, handoff->image_physical, handoff->image_size);
        return true;
    case FRAMEBUFFER: // the map should call it a device, or reserved
        (void)range_of_pages(owned, screen->physical, screen->size);
        return true;
    case BEYOND_PROCESSOR:
        *owned = (struct range){paging_physical_end(), UINT64_MAX};
        return true;
    default:
        module = handoff_module(handoff, number - MODULES);
        if (module)
            (void)range_of_pages(owned, module->physical, module->size);
        return module != NULL;
    }
}

// The first part of `memory` that has an owner; empty, at its end, if none has.
static struct memory_range first_taken(const struct handoff *handoff, struct memory_range memory)
{
    struct memory_range first = {memory.end, memory.end, memory.kind};
    struct range owned;

    for (size_t i = 0; find_owned(handoff, i, &owned); i++)
        first = earlier(memory, first, owned);
    return first;
}

// Usable memory minus every owner's.
static void give_usable_memory(struct kernel *kernel)
{
    array_list_each(struct memory_range, range, step_memory_map_ranges())
    {
        struct memory_range left = *range;
        while (left.kind == MEMORY_USABLE && left.start < left.end) {
            struct memory_range taken = first_taken(kernel->handoff, left);
            page_frames_give(&kernel->page_frames, physical(left.start), physical(taken.start));
            left.start = taken.end;
        }
    }
}

// Unmaps the free part of the region on every processor, so that a stale pointer into it traps, and
// so does an overrun of the last permanent page. Its frames are reached through the direct map from
// now on.
static bool give_free_part(struct kernel *kernel, struct fba_range free)
{
    static struct traps_place place;
    const struct writer *writer = &kernel->console.writer;
    const struct handoff *handoff = kernel->handoff;
    uint64_t frame = handoff->region_physical + (free.start - handoff->region_virtual);
    enum paging_status status = paging_unmap(&kernel->paging, free.start, free.end - free.start);

    if (status != PAGING_OK) {
        writer_print(writer, "kernel: the free part of the region cannot be unmapped: %s\n",
                     paging_status_name(status));
        return false;
    }
    if (!processors_flush_tlbs(step_processors_started())) {
        writer_print(writer, "kernel: not every processor has flushed its TLB\n");
        return false;
    }
    place = (struct traps_place){.start = free.start,
                                 .end = free.end,
                                 .name = "part of the early heap that was given away",
                                 .processor = TRAPS_NO_PROCESSOR};
    traps_add_place(&place);
    page_frames_give(&kernel->page_frames, physical(frame),
                     physical(frame + (free.end - free.start)));
    return true;
}

static bool try_page_frames(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    physical_t frame;

    if (!page_frames_take(&kernel->page_frames, &frame)) {
        writer_print(writer, "kernel: page allocator: no frame at all\n");
        return false;
    }
    uint64_t left = kernel->page_frames.free;
    page_frames_give(&kernel->page_frames, frame, physical_add(frame, PAGE_SIZE));
    writer_print(writer,
                 "kernel: page allocator: took frame 0x%llx, %llu left, gave it back, %llu free\n",
                 (unsigned long long)frame.value, (unsigned long long)left,
                 (unsigned long long)kernel->page_frames.free);
    return true;
}

// An allocation from the sealed heap must fail.
static bool try_sealed_heap(struct kernel *kernel)
{
    const struct fba *fba = &kernel->heap.fba;
    const void *block = allocator_alloc(&kernel->heap.allocator, 16, 16);

    writer_print(&kernel->console.writer, "kernel: 16 bytes from the sealed early heap: %s\n",
                 block ? "allocated" : fba_status_name(fba_explain(fba).reason));
    return !block;
}

bool kernel_seal(struct kernel *kernel)
{
    struct fba *fba = &kernel->heap.fba;
    struct fba_ranges ranges;

    early_heap_close_journal(&kernel->heap);
    fba_set_failure_hook(fba, NULL, NULL); // a failure is expected from now on
    enum fba_status status = fba_seal(fba, PAGE_SIZE, &ranges);
    if (status != FBA_OK) {
        writer_print(&kernel->console.writer, "kernel: the early heap cannot be sealed: %s\n",
                     fba_status_name(status));
        return false;
    }
    step_screen_draw_heap(kernel);
    kernel->page_frames.direct_map = kernel->handoff->direct_map;
    if (!give_free_part(kernel, ranges.free))
        return false;
    give_usable_memory(kernel);
    kernel->paging.new_table = page_frames_new_table;
    kernel->paging.context = &kernel->page_frames;
    writer_print(&kernel->console.writer,
                 "kernel: early heap sealed: %zu KiB stay, %zu KiB given away and unmapped; page "
                 "allocator has %llu KiB\n",
                 (size_t)(ranges.permanent.end - ranges.permanent.start) / 1024,
                 (size_t)(ranges.free.end - ranges.free.start) / 1024,
                 (unsigned long long)(kernel->page_frames.free * PAGE_SIZE / 1024));
    return try_page_frames(kernel) && try_sealed_heap(kernel);
}
