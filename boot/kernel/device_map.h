// SPDX-License-Identifier: MIT
// device_map: device registers (MMIO) and framebuffers, mapped uncached in a part of the address
// space of their own, beside the direct map, which has no devices.
#ifndef BOOT_KERNEL_DEVICE_MAP_H
#define BOOT_KERNEL_DEVICE_MAP_H

#include "arch/x86_64/paging.h"

#include <stdint.h>

// Where it starts: one slot, 512 GiB, of the top page table.
#define DEVICE_MAP_START UINT64_C(0xfffffe0000000000)

struct device_map {
    struct paging *paging;
    uint64_t used; // bytes from DEVICE_MAP_START on; 0 at first
};

// Maps the pages of [registers, registers + size), which must not wrap, and sets `mapped` to where
// `registers` then is. Page tables come from `paging`. Fails as paging_map_large() does.
enum paging_status device_map_add(struct device_map *map, physical_t registers, uint64_t size,
                                  volatile void **mapped);

// Unmaps all devices. Their page tables stay with the allocator that they came from.
void device_map_clear(struct device_map *map);

#endif
