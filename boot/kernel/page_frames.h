// SPDX-License-Identifier: MIT
// page_frames: a small page frame allocator, the early heap's successor: 4 KiB frames, taken and
// given back one at a time. It keeps no table: free memory lists itself, each range of free frames
// holding its own length and the next range's address in its first frame. So it costs nothing per
// byte of memory, and nothing touches a frame before it is used but for one in each range.
#ifndef BOOT_KERNEL_PAGE_FRAMES_H
#define BOOT_KERNEL_PAGE_FRAMES_H

#include "arch/x86_64/address.h"
#include "arch/x86_64/page.h"

#include <stdbool.h>
#include <stdint.h>

// All-zero but for the direct map: no frames.
struct page_frames {
    uintptr_t direct_map; // frames are written at virtual = direct_map + physical
    physical_t first;     // the first range's; meaningless while there are no frames
    uint64_t free;        // frames
};

// Gives the frames [start, end) to the allocator; both are multiples of PAGE_SIZE, all of it is
// mapped through the direct map, and nobody uses it. An empty range is nothing. Constant time.
void page_frames_give(struct page_frames *frames, physical_t start, physical_t end);

// Takes a frame. False iff there is none. Its contents are undefined. Constant time.
bool page_frames_take(struct page_frames *frames, physical_t *frame);

#endif
