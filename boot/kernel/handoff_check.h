// SPDX-License-Identifier: MIT
// handoff_check: the kernel's look at what a loader left it, before it trusts any of it. Pure: it
// reads the structure and the bytes that it points to in the region, and writes one sentence.
#ifndef BOOT_KERNEL_HANDOFF_CHECK_H
#define BOOT_KERNEL_HANDOFF_CHECK_H

#include "boot/handoff.h"
#include "boot/memory_map.h"
#include "kmem/writer.h"

#include <stdbool.h>

// Where the handoff's memory map lies, as the kernel sees it. Only after handoff_check().
struct memory_map handoff_memory_map(const struct handoff *handoff);

// Where the command line lies; "" if there is none. Only after handoff_check().
const char *handoff_command_line(const struct handoff *handoff);

// The module with this number; NULL behind the last one. Only after handoff_check().
const struct handoff_module *handoff_module(const struct handoff *handoff, size_t number);

// Whether the handoff keeps the contract of boot/handoff.h, as far as can be told without the page
// tables: magic, version and size; the region inside the image and congruent to it; boot info,
// memory map, command line, list of modules and the top page table pairwise disjoint and inside
// what is used of the region; image and modules in memory that the map calls usable, apart from
// each other and from the framebuffer.
// Sorts the memory map, for whoever reads it next. If not, writes to `writer` what is wrong and
// with which numbers, without a line end.
bool handoff_check(const struct handoff *handoff, const struct writer *writer);

#endif
