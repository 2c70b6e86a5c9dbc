// SPDX-License-Identifier: MIT
// direct_map: whether physical memory can be reached through page tables that map it at an address
// of its own: the kernel's direct map, or the firmware's tables, in which that is the physical one.
#ifndef BOOT_DIRECT_MAP_H
#define BOOT_DIRECT_MAP_H

#include "arch/x86_64/paging.h"

// Whether all of [address, address + size) is mapped at paging->direct_map + address, and is not
// something else that lies behind the direct map in the address space. Not if it is empty or wraps.
// O(pages).
bool direct_map_has(const struct paging *paging, uint64_t address, uint64_t size);

#endif
