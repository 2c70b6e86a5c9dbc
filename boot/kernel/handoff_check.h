// SPDX-License-Identifier: MIT
// handoff_check: validates the boot info that a loader left, before the kernel trusts any of it.
// Reads the structure and what it points to in the region, changes nothing, allocates nothing.
#ifndef BOOT_KERNEL_HANDOFF_CHECK_H
#define BOOT_KERNEL_HANDOFF_CHECK_H

#include "boot/handoff.h"
#include "kmem/writer.h"

#include <stdbool.h>

// Returns whether the handoff keeps the contract of boot/handoff.h, as far as can be told without
// the page tables: magic, version and size; the region inside the image, which does not wrap, and
// congruent to it; boot info, memory map, command line, list of modules and top page table pairwise
// disjoint and inside the used part of the region; image and modules in memory that the map calls
// usable, disjoint from each other and from the framebuffer. If it does not, writes to `writer`
// what is wrong, with the numbers and without a line end.
// The structure must be mapped, and so must the region if the structure tells the truth about it.
// O(descriptors of the map × modules + modules²).
bool handoff_check(const struct handoff *handoff, const struct writer *writer);

#endif
