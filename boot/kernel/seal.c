// SPDX-License-Identifier: MIT
// The ends of the early heap's life: a substitute when it was too small, a successor when it was
// not.
#include "boot/kernel/kernel.h"

bool kernel_open_substitute(struct kernel *kernel)
{
    const struct handoff *handoff = kernel->handoff;
    struct memory_map map = handoff_memory_map(handoff);
    struct memory_range largest = memory_map_largest_conventional(&map);

    // Congruent to the region, so that every alignment costs the padding it would have cost there.
    uint64_t distance = (handoff->region_virtual - largest.start) % HANDOFF_IMAGE_ALIGN;
    uint64_t room = largest.end - largest.start;
    if (room <= distance || room - distance <= handoff->heap.size)
        return false;
    // Devices are mapped by tables that the heap gave: they are to be asked for again.
    kernel->console.screen.pixels = NULL;
    paging_drop_slot(&kernel->paging, KERNEL_DEVICES);
    kernel->devices_end = 0;
    const struct early_heap_memory substitute = {
        .buffer = (void *)(handoff->direct_map + largest.start + distance),
        .physical = physical(largest.start + distance),
        .size = room - distance,
        .is_substitute = true,
    };
    return early_heap_adopt(&kernel->heap, &substitute, handoff, kernel->heap.output) == FBA_OK;
}

// The first part of `memory` that is the image's or a module's; empty, at its end, if none is.
static struct memory_range first_taken(const struct handoff *handoff, struct memory_range memory)
{
    struct memory_range first = {memory.end, memory.end, memory.kind};
    uint64_t start = handoff->image_physical;
    uint64_t end = start + handoff->image_size;
    const struct handoff_module *module;

    for (size_t i = 0;; i++) {
        if (start < first.start && end > memory.start && start < end) {
            first.start = start > memory.start ? start : memory.start;
            first.end = end < memory.end ? end : memory.end;
        }
        module = handoff_module(handoff, i);
        if (!module)
            return first;
        start = module->physical;
        end = start + page_round_up(module->size, PAGE_SIZE);
    }
}

// Usable memory but for the image, the modules and frame 0, whose address looks like a mistake.
static void give_usable_memory(struct kernel *kernel)
{
    array_list_each(struct memory_range, range, &kernel->ranges)
    {
        struct memory_range left = *range;
        if (left.start < PAGE_SIZE)
            left.start = PAGE_SIZE;
        while (left.kind == MEMORY_USABLE && left.start < left.end) {
            struct memory_range taken = first_taken(kernel->handoff, left);
            page_frames_give(&kernel->page_frames, physical(left.start), physical(taken.start));
            left.start = taken.end;
        }
    }
}

// What was free of the region leaves its mapping, on every processor: a stale pointer into it
// traps, and so does an overrun of the last permanent page. The frames are reached through the
// direct map from now on.
static void give_free_part(struct kernel *kernel, struct fba_range free)
{
    const struct handoff *handoff = kernel->handoff;
    uint64_t frame = handoff->region_physical + (free.start - handoff->region_virtual);
    enum paging_status status = paging_unmap(&kernel->paging, free.start, free.end - free.start);

    if (status != PAGING_OK) {
        writer_print(&kernel->console.writer,
                     "kernel: the free part of the region cannot be "
                     "unmapped: %s\n",
                     paging_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    if (!processors_work(&kernel->processors, processors_flush_tlb)) {
        writer_print(&kernel->console.writer,
                     "kernel: not every processor has forgotten the free part of the region\n");
        kernel_end(kernel, KERNEL_PANIC);
    }
    kernel->given_away = (struct traps_place){.low = free.start,
                                              .high = free.end,
                                              .name = "part of the early heap that was given away",
                                              .processor = TRAPS_NO_PROCESSOR};
    traps_add_place(&kernel->given_away);
    page_frames_give(&kernel->page_frames, physical(frame),
                     physical(frame + (free.end - free.start)));
}

static void try_frames(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    physical_t frame;

    if (!page_frames_take(&kernel->page_frames, &frame)) {
        writer_print(writer, "kernel: page allocator: no frame at all\n");
        kernel_end(kernel, KERNEL_PANIC);
    }
    uint64_t left = kernel->page_frames.free;
    page_frames_give(&kernel->page_frames, frame, physical_add(frame, PAGE_SIZE));
    writer_print(writer,
                 "kernel: page allocator: took frame 0x%llx, %llu left, gave it back, %llu free\n",
                 (unsigned long long)frame.value, (unsigned long long)left,
                 (unsigned long long)kernel->page_frames.free);
}

static void try_sealed_heap(struct kernel *kernel)
{
    struct fba *fba = &kernel->heap.fba;
    void *block = allocator_alloc(&kernel->heap.allocator, 16, 16);

    writer_print(&kernel->console.writer, "kernel: 16 bytes from the sealed early heap: %s\n",
                 block ? "served" : fba_status_name(fba->failure.reason));
    if (block)
        kernel_end(kernel, KERNEL_PANIC);
}

void kernel_seal(struct kernel *kernel)
{
    struct fba *fba = &kernel->heap.fba;
    struct fba_ranges ranges;

    fba_set_failure_hook(fba, NULL, NULL); // from now on a refusal is the asker's affair
    enum fba_status status = fba_seal(fba, PAGE_SIZE, &ranges);
    if (status != FBA_OK) {
        writer_print(&kernel->console.writer, "kernel: the early heap cannot be sealed: %s\n",
                     fba_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    kernel->page_frames.direct_map = kernel->handoff->direct_map;
    give_free_part(kernel, ranges.free);
    give_usable_memory(kernel);
    writer_print(&kernel->console.writer,
                 "kernel: early heap sealed: %zu KiB stay, %zu KiB given away and unmapped; page "
                 "allocator has %llu KiB\n",
                 (size_t)(ranges.permanent.end - ranges.permanent.start) / 1024,
                 (size_t)(ranges.free.end - ranges.free.start) / 1024,
                 (unsigned long long)(kernel->page_frames.free * PAGE_SIZE / 1024));
    try_frames(kernel);
    try_sealed_heap(kernel);
}
