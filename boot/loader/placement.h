// SPDX-License-Identifier: MIT
// placement: the arithmetic of KASLR: counts the places in a memory map where the kernel fits, and
// draws one, each as likely as the others. Pure C without UEFI types.
#ifndef BOOT_LOADER_PLACEMENT_H
#define BOOT_LOADER_PLACEMENT_H

#include "boot/memory_map.h"

#include <stdint.h>

// What is to be placed: `size` bytes at a multiple of `align`, a power of two, all of it in the
// physical addresses [lowest, limit).
struct placement {
    uint64_t size, align;
    uint64_t lowest, limit;
};

// Returns the number of addresses at which it would lie in conventional memory; 0: it does not fit.
// The map need not be sorted. Places where descriptors of conventional memory overlap count for
// each of them. O(n·m), m = descriptors of at least `size` bytes.
uint64_t placement_count(const struct placement *placement, const struct memory_map *map);

// Returns the address with number `index`, in the order of the map; 0 iff there are not so many.
// The same cost.
uint64_t placement_at(const struct placement *placement, const struct memory_map *map,
                      uint64_t index);

// Returns a number below `count`, which is not 0, each as likely as the others, and moves `state`
// on to the next draw. The same state gives the same number on every machine: the seed tells the
// place, so this is not cryptographic. Constant time on average.
uint64_t placement_draw(uint64_t *state, uint64_t count);

#endif
