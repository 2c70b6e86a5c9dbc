// SPDX-License-Identifier: MIT
// page_frames: the page frame allocator, the early heap's successor: frames of 4 KiB, taken and
// given back one at a time. Free memory is a list of ranges; the first frame of each range holds
// its length and the address of the next. So there is no table, and no other frame is touched
// before it is used.
#ifndef BOOT_KERNEL_PAGE_FRAMES_H
#define BOOT_KERNEL_PAGE_FRAMES_H

#include "arch/x86_64/address.h"
#include "arch/x86_64/page.h"
#include "kmem/allocator.h"

#include <stdbool.h>
#include <stdint.h>

// All-zero but for the direct map: no frames.
struct page_frames {
    uintptr_t direct_map; // frames are written at virtual = direct_map + physical
    physical_t first;     // the first range's; meaningless while there are no frames
    uint64_t free;        // frames
};

// Gives the frames [start, end) to the allocator; both are multiples of PAGE_SIZE, all of it is
// mapped through the direct map, and none of it is in use. An empty range is nothing. Constant
// time.
void page_frames_give(struct page_frames *frames, physical_t start, physical_t end);

// Takes a frame. False iff there is none. Its contents are undefined. Constant time.
bool page_frames_take(struct page_frames *frames, physical_t *frame);

// Supplies a zeroed frame for a page table: `new_table` of struct paging, whose `context` is the
// struct page_frames. False iff there is no frame.
bool page_frames_new_table(void *frames, physical_t *table);

// The page frames as an allocator, which must not outlive them: each block has a frame to itself,
// in the direct map. An allocation fails iff there is no frame, or size or alignment exceeds one; a
// resize, iff the size does.
struct allocator page_frames_allocator(struct page_frames *frames);

#endif
