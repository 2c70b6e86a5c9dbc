// SPDX-License-Identifier: MIT
// placement: where in memory the kernel goes when the command line asks for chance. Every place
// that is free and large enough is as likely as any other. Pure C without firmware types.
#ifndef BOOT_LOADER_PLACEMENT_H
#define BOOT_LOADER_PLACEMENT_H

#include "boot/memory_map.h"

#include <stdint.h>

// A piece of memory to be placed: `size` bytes at a multiple of `align`, a power of two, all of it
// in [lowest, limit).
struct placement {
    uint64_t size, align;
    uint64_t lowest, limit;
};

// At how many addresses it would lie in conventional memory. Linear in the map, which need not be
// sorted; its descriptors do not overlap, or some places count twice.
uint64_t placement_count(const struct placement *placement, const struct memory_map *map);

// The address with number `index`, below placement_count(), in the order of the map.
uint64_t placement_at(const struct placement *placement, const struct memory_map *map,
                      uint64_t index);

// A number below `count`, which is not 0, each as likely as the others; `state` moves on to the
// next draw. The same state gives the same number on any machine. Not for secrets of value: who
// knows the seed knows the place.
uint64_t placement_draw(uint64_t *state, uint64_t count);

#endif
