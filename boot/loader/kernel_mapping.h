// SPDX-License-Identifier: MIT
// kernel_mapping: the page tables that the kernel starts on, as boot/handoff.h promises them: each
// segment with its own permissions, the region in 4 KiB pages, the direct map of all memory; W^X:
// no page frame is executable through one mapping and writable through any other.
#ifndef BOOT_LOADER_KERNEL_MAPPING_H
#define BOOT_LOADER_KERNEL_MAPPING_H

#include "boot/loader/loader.h"

// Builds `paging` from tables in the early heap. After boot_info_reserve_map(), whose buffer the
// memory map is read to. O(pages of the image + descriptors of the memory map).
// Fails iff the early heap is full. Stops iff the memory map cannot be read, or describes memory
// beyond the end of the direct map, or the image cannot be mapped.
enum loader_result kernel_mapping_build(struct loader *loader);

#endif
