// SPDX-License-Identifier: MIT
// The seal of seal.h.
#include "boot/kernel/seal.h"

#include "boot/kernel/owners.h"
#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/steps/processors.h"
#include "boot/kernel/steps/screen.h"
#include "kmem/fba_account.h"

// Usable memory minus every owner's, and what the sealed region does without: each frame once.
static void give_usable_memory(struct kernel *kernel, uint64_t frame, uint64_t size)
{
    struct region_map *map = step_memory_map_ranges();
    struct region range = {0, 0, REGION_USABLE};

    owners_take(kernel->handoff, map);
    region_set(map, frame, size, REGION_USABLE);
    while (region_next(map, PAGE_SIZE, &range))
        page_frames_give(&kernel->page_frames, physical(range.start), physical(range.end));
}

// Unmaps the free part of the region on every processor, so that a stale pointer into it traps, and
// so does an overrun of the last permanent page. Its frames are reached through the direct map from
// now on.
static bool unmap_free_part(struct kernel *kernel, struct fba_range free)
{
    static struct traps_place place;
    const struct writer *writer = &kernel->console.writer;
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
    return true;
}

// The sealed fba must fail, and the heap's allocator must go on with page frames. The request is
// small, as what decorates the allocator may add to it.
static bool try_allocation(struct kernel *kernel)
{
    enum { SIZE = 16 };
    const struct writer *writer = &kernel->console.writer;
    const struct allocator *allocator = &kernel->heap.allocator;
    struct fba *fba = &kernel->heap.fba;
    uint64_t before = kernel->page_frames.free;
    const void *sealed = fba_alloc(fba, SIZE, SIZE);

    writer_print(writer, "kernel: %d bytes from the sealed early heap: %s\n", SIZE,
                 sealed ? "allocated" : fba_status_name(fba_explain(fba).reason));
    void *block = allocator_alloc(allocator, SIZE, SIZE);
    if (!block) {
        writer_print(writer, "kernel: page allocator: no frame at all\n");
        return false;
    }
    uint64_t left = kernel->page_frames.free;
    allocator_free(allocator, block, SIZE, SIZE);
    writer_print(writer,
                 "kernel: %d bytes from its allocator: %llu frames left; given back, %llu free\n",
                 SIZE, (unsigned long long)left, (unsigned long long)kernel->page_frames.free);
    return !sealed && kernel->page_frames.free == before;
}

bool kernel_seal(struct kernel *kernel)
{
    const struct handoff *handoff = kernel->handoff;
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
    if (!unmap_free_part(kernel, ranges.free))
        return false;
    kernel->page_frames.direct_map = handoff->direct_map;
    give_usable_memory(kernel,
                       handoff->region_physical + (ranges.free.start - handoff->region_virtual),
                       ranges.free.end - ranges.free.start);
    kernel->paging.new_table = page_frames_new_table;
    kernel->paging.context = &kernel->page_frames;
    kernel->heap.fallback.second = page_frames_allocator(&kernel->page_frames);
    writer_print(&kernel->console.writer,
                 "kernel: early heap sealed: %zu KiB stay, %zu KiB given away and unmapped; page "
                 "allocator has %llu KiB\n",
                 (size_t)(ranges.permanent.end - ranges.permanent.start) / 1024,
                 (size_t)(ranges.free.end - ranges.free.start) / 1024,
                 (unsigned long long)(kernel->page_frames.free * PAGE_SIZE / 1024));
    return try_allocation(kernel);
}
