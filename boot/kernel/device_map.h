// SPDX-License-Identifier: MIT
// device_map: physical memory that the direct map does not have, in a part of the address space of
// its own: device registers (MMIO), uncached; framebuffers, write-combining; and the firmware's
// tables, read-only, wherever it keeps them. Small mappings share page tables, and all can be
// undone.
#ifndef BOOT_KERNEL_DEVICE_MAP_H
#define BOOT_KERNEL_DEVICE_MAP_H

#include "arch/x86_64/paging.h"
#include "boot/handoff.h"

#include <stdint.h>

// Where it starts: one slot, 512 GiB, of the top page table.
#define DEVICE_MAP_START HANDOFF_DIRECT_MAP_END

struct device_map {
    struct paging *paging;
    bool
        combines; // the processors have write-combining (pat.h); otherwise uncached takes its place
    uint64_t used; // bytes from DEVICE_MAP_START to the end of the highest mapping; 0 at first
};

// Maps the pages of [registers, registers + size) at the lowest free place, and sets `mapped` to
// where `registers` then is. From 2 MiB on both addresses are congruent, so that a large device
// gets large pages. Page tables come from `paging`.
// Fails as paging_map_large() does, with PAGING_BAD_RANGE also if the range wraps, is empty or lies
// beyond what the processor can address, and with PAGING_IS_MEMORY if any of it is memory; nothing
// is mapped then. O(mapped pages).
enum paging_status device_map_add(struct device_map *map, physical_t registers, uint64_t size,
                                  volatile void **mapped);

// The same for a framebuffer: stores to it are gathered and sent out in bursts, in any order, until
// a store fence.
enum paging_status device_map_framebuffer(struct device_map *map, physical_t start, uint64_t size,
                                          void **mapped);

// Maps the pages of [start, start + size) read-only and cached as the firmware's memory type ranges
// say (MTRR), unless they are mapped so already. Fails as device_map_add() does, but for memory.
enum paging_status device_map_read_only(struct device_map *map, physical_t start, uint64_t size,
                                        const void **mapped);

// Unmaps the pages of [mapped, mapped + size), which one of the above has mapped. Their place is
// free then; where it is used again, the caller sees to the TLBs of other processors first. Page
// tables stay for the next mapping.
void device_map_remove(struct device_map *map, const volatile void *mapped, uint64_t size);

// Unmaps everything. Its page tables stay with the allocator that they came from.
void device_map_clear(struct device_map *map);

#endif
