// SPDX-License-Identifier: MIT
// space: the address space that the kernel wakes up in, as boot/handoff.h promises it: each
// segment with its own rights, the region in small pages, the direct map of all memory. Tables
// come from the early heap, through `paging`.
#ifndef BOOT_LOADER_SPACE_H
#define BOOT_LOADER_SPACE_H

#include "arch/x86_64/paging.h"
#include "boot/loader/elf.h"
#include "boot/memory_map.h"

// Maps the image, whose first byte lies at `image`, and its region up to `region_end`, which may
// lie beyond the end that the file names. PAGING_NO_MEMORY: no page for a table. Linear in pages.
enum paging_status space_map_image(struct paging *paging, const struct elf_image *elf,
                                   physical_t image, uint64_t region_end);

// Maps all memory of a sorted map at HANDOFF_DIRECT_MAP + physical: not executable, and read-only
// where segments that are not writable lie, so that no frame is executable here and writable
// there. Neighbouring ranges of any kind are mapped as one, in the largest pages they allow: all of
// it is write-back memory, since what firmware does not offer as such is MEMORY_DEVICE, so that no
// large page spans two memory types.
enum paging_status space_map_window(struct paging *paging, const struct elf_image *elf,
                                    physical_t image, const struct memory_map *map);

#endif
