// SPDX-License-Identifier: MIT
// The ends of the early heap's life: a substitute when it was too small, a successor when it was
// not.
#include "boot/kernel/kernel.h"

#include "boot/kernel/handoff_check.h"

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
    return early_heap_adopt(&kernel->heap, (void *)(handoff->window + largest.start + distance),
                            room - distance, handoff, &kernel->console.writer) == FBA_OK;
}

// Usable memory but for the image and for frame 0, whose address looks like a mistake.
static void give_usable_memory(struct kernel *kernel)
{
    uint64_t image_start = kernel->handoff->image_physical;
    uint64_t image_end = image_start + kernel->handoff->image_size;

    array_list_each(struct memory_range, range, &kernel->ranges)
    {
        uint64_t start = range->start > FRAME_SIZE ? range->start : FRAME_SIZE;
        uint64_t end = range->end;
        if (range->kind != MEMORY_USABLE || start >= end)
            continue;
        if (image_start >= end || image_end <= start) {
            frames_give(&kernel->frames, physical(start), physical(end));
            continue;
        }
        if (start < image_start)
            frames_give(&kernel->frames, physical(start), physical(image_start));
        if (image_end < end)
            frames_give(&kernel->frames, physical(image_end), physical(end));
    }
}

// What was free of the region leaves its mapping: a stale pointer into it traps, and so does an
// overrun of the last permanent page. The frames are reached through the window from now on.
static void give_free_part(struct kernel *kernel, struct fba_range free)
{
    const struct handoff *handoff = kernel->handoff;
    uint64_t frame = handoff->region_physical + (free.start - handoff->region_virtual);
    enum paging_status status = paging_unmap(&kernel->paging, free.start, free.end - free.start);

    if (status != PAGING_OK) {
        writer_print(&kernel->console.writer, "kernel: the free part of the region cannot be "
                                              "unmapped: %s\n",
                     paging_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    frames_give(&kernel->frames, physical(frame), physical(frame + (free.end - free.start)));
}

static void try_frames(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    physical_t frame;

    if (!frames_take(&kernel->frames, &frame)) {
        writer_print(writer, "kernel: page allocator: no frame at all\n");
        kernel_end(kernel, KERNEL_PANIC);
    }
    uint64_t left = kernel->frames.free;
    frames_give(&kernel->frames, frame, physical_add(frame, FRAME_SIZE));
    writer_print(writer,
                 "kernel: page allocator: took frame 0x%llx, %llu left, gave it back, %llu free\n",
                 (unsigned long long)frame.value, (unsigned long long)left,
                 (unsigned long long)kernel->frames.free);
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

void kernel_hand_over(struct kernel *kernel)
{
    struct fba *fba = &kernel->heap.fba;
    struct fba_ranges ranges;

    fba_set_failure_hook(fba, NULL, NULL); // from now on a refusal is the asker's affair
    enum fba_status status = fba_seal(fba, FRAME_SIZE, &ranges);
    if (status != FBA_OK) {
        writer_print(&kernel->console.writer, "kernel: the early heap cannot be sealed: %s\n",
                     fba_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    kernel->frames.window = kernel->handoff->window;
    give_free_part(kernel, ranges.free);
    give_usable_memory(kernel);
    writer_print(&kernel->console.writer,
                 "kernel: early heap sealed: %zu KiB stay, %zu KiB given away and unmapped; page "
                 "allocator has %llu KiB\n",
                 (size_t)(ranges.permanent.end - ranges.permanent.start) / 1024,
                 (size_t)(ranges.free.end - ranges.free.start) / 1024,
                 (unsigned long long)(kernel->frames.free * FRAME_SIZE / 1024));
    try_frames(kernel);
    try_sealed_heap(kernel);
}
