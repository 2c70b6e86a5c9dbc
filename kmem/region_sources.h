// SPDX-License-Identifier: MIT
// region_sources: the memory maps of boot loaders and firmware, UEFI, Limine, Multiboot 1 and 2 and
// E820, as entries of a region map. (The flattened device tree: region_fdt.h.) Each reads the map
// byte by byte, as it stands in memory, and needs no header of the boot loader.
//
// What is in use when the kernel begins is reclaimable: the boot loader's memory, and the
// firmware's under UEFI, where the stack and the page tables lie at first. The kernel's image, its
// modules and the boot information are the kernel's to add where a function does not say that it
// does. A function that returns false has found a map that contradicts itself; what stood before
// the contradiction has been added.
#ifndef KMEM_REGION_SOURCES_H
#define KMEM_REGION_SOURCES_H

#include "region.h"

#ifdef __cplusplus
extern "C" {
#endif

// UEFI: what GetMemoryMap() wrote, `size` bytes of descriptors, each `stride` bytes from the next.
// Conventional memory is usable, the loader's, boot services' and ACPI's tables are reclaimable; as
// far as it can be cached, and no attribute keeps it for runtime services or for a purpose.
// False iff the stride is below 40. (UEFI 2.10, 7.2.3.)
bool region_add_uefi(struct region_map *map, const void *descriptors, size_t size, size_t stride);

// Limine: `entries` and `entry_count` of the response to a memory map request. The executable and
// its modules are among the entries. (Limine Boot Protocol, Memory Map Feature.)
void region_add_limine(struct region_map *map, const void *entries, uint64_t count);

// Multiboot 1: `mmap_length` bytes from `mmap_addr` on. False iff an entry has fewer than 20 bytes
// or more than there are. (Multiboot 0.6.96, 3.3.)
bool region_add_multiboot1(struct region_map *map, const void *entries, size_t length);

// Multiboot 2: the whole boot information, of which modules are taken, too. False iff a tag has
// fewer bytes than its kind needs or more than there are, or there is no memory map.
// (Multiboot 2.0, 3.6.)
bool region_add_multiboot2(struct region_map *map, const void *information);

// E820: the BIOS's entries, `stride` bytes from one to the next: 20, and 24 with the extended
// attributes and in PVH's memory map. False iff the stride is below 20. (ACPI 6.5, 15.1.)
bool region_add_e820(struct region_map *map, const void *entries, size_t count, size_t stride);

#ifdef __cplusplus
}
#endif

#endif
