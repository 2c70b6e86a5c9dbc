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

// An allocation from the sealed heap must fail; what decorates it may have memory from elsewhere.
static bool try_sealed_heap(struct kernel *kernel)
{
    struct fba *fba = &kernel->heap.fba;
    const void *block = fba_alloc(fba, 16, 16);

    writer_print(&kernel->console.writer, "kernel: 16 bytes from the sealed early heap: %s\n",
                 block ? "allocated" : fba_status_name(fba_explain(fba).reason));
    return !block;
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
    writer_print(&kernel->console.writer,
                 "kernel: early heap sealed: %zu KiB stay, %zu KiB given away and unmapped; page "
                 "allocator has %llu KiB\n",
                 (size_t)(ranges.permanent.end - ranges.permanent.start) / 1024,
                 (size_t)(ranges.free.end - ranges.free.start) / 1024,
                 (unsigned long long)(kernel->page_frames.free * PAGE_SIZE / 1024));
    return try_page_frames(kernel) && try_sealed_heap(kernel);
}
