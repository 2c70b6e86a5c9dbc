// SPDX-License-Identifier: MIT
// frames: a small page allocator, the early heap's successor: 4 KiB frames, taken and given back
// one at a time. It keeps no table: free memory lists itself, each range of free frames holding
// its own length and the next range's address in its first frame. So it costs nothing per byte of
// memory, and nothing touches a frame before it is used but for one in each range.
#ifndef BOOT_KERNEL_FRAMES_H
#define BOOT_KERNEL_FRAMES_H

#include "arch/x86_64/address.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_SIZE UINT64_C(4096)

// All-zero but for the window: no frames.
struct frames {
    uintptr_t window; // frames are written at virtual = window + physical
    physical_t first; // the first range's; meaningless while there are no frames
    uint64_t free;    // frames
};

// Gives the frames [start, end) to the allocator; both are multiples of FRAME_SIZE, all of it is
// mapped through the window, and nobody uses it. An empty range is nothing. Constant time.
void frames_give(struct frames *frames, physical_t start, physical_t end);

// Takes a frame. False iff there is none. Its contents are undefined. Constant time.
bool frames_take(struct frames *frames, physical_t *frame);

#endif
