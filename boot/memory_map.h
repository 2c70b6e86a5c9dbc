// SPDX-License-Identifier: MIT
// memory_map: the UEFI memory map. Firmware gives descriptors in any order, at any stride, perhaps
// overlapping or empty; this asks questions of them as they are, sorts them, gives the loader what
// the direct map covers, and the kernel a region map (kmem/region.h): ranges in ascending order,
// each of one kind. Pure C, no allocation. For a kernel that only looks for free memory
// region_add_uefi() of kmem/region_sources.h is enough: it does not tell memory that the direct map
// must cover from devices, nor one owner of reserved memory from another.
//
// Source of types and attributes: UEFI specification 2.10, section 7.2, GetMemoryMap().
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include "boot/range.h"
#include "kmem/region.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What memory is good for after ExitBootServices: kinds of a region map. Where descriptors overlap,
// the later in this list wins, so that no memory counts as usable that any descriptor reserves.
enum memory_kind {
    MEMORY_USABLE =
        REGION_USABLE,   // free for the kernel, the loader's and boot services' memory included
    MEMORY_ACPI_RECLAIM, // ACPI tables: usable once they have been read
    MEMORY_ACPI_NVS,     // the firmware's, kept over sleep
    MEMORY_RUNTIME,      // code and data of runtime services, or whatever they use
    MEMORY_RESERVED,     // any other type of memory, unknown types and special-purpose included
    MEMORY_DEVICE,       // not memory: registers, or attributes say it cannot be cached
};

// Returns a name for the serial log, "unknown" for a number that is no kind.
const char *memory_kind_name(enum memory_kind kind);

// Returns whether the direct map covers ranges of this kind: memory, not devices.
bool memory_kind_is_mapped(enum memory_kind kind);

// A map in a caller's buffer, as the firmware wrote it.
struct memory_map {
    unsigned char *descriptors;
    size_t size;   // bytes used
    size_t stride; // bytes from one descriptor to the next, at least 40 (MEMORY_DESCRIPTOR_SIZE)
};

#define MEMORY_DESCRIPTOR_SIZE 40u

// A descriptor stands for whole pages. Memory beyond 2^52, the limit of physical addresses (Intel
// SDM 3A 4.1.4), is cut off. A descriptor that does not begin at a page boundary counts for the
// whole pages inside it if it is usable, else for all pages that it touches.

// Sorts the descriptors where they are, by the first page that they stand for. O(n) if they are
// sorted, else O(n log n).
void memory_map_sort(struct memory_map *map);

// Adds what each descriptor stands for, with its kind. O(n log n) if the map is sorted, else
// O(n · entries).
void memory_map_read(const struct memory_map *map, struct region_map *ranges);

// Where memory_map_next_mapped() is; begins as all-zero.
struct memory_map_cursor {
    size_t index;         // of the next descriptor
    struct range pending; // mapped, and not yet given: the next descriptor may make it longer
};

// Gives the next range of a sorted map that the direct map covers, in ascending order: each as long
// as it can be, whatever the kinds in it. Returns false iff there is none; `memory` is empty then.
// O(n) for the whole map.
bool memory_map_next_mapped(const struct memory_map *map, struct memory_map_cursor *cursor,
                            struct range *memory);

// Returns whether all of [start, start + size) is usable: covered by usable descriptors and
// overlapped by no other. Not if it is empty or wraps. The map need not be sorted. O(n) for each
// descriptor that the memory crosses.
bool memory_map_is_usable(const struct memory_map *map, uint64_t start, uint64_t size);

// Gives the next descriptor of usable conventional memory of at least `least` bytes that no other
// descriptor but of such memory overlaps, from number `*index` on, which moves behind it; returns
// false iff there is none. In the order of the map, which need not be sorted. O(n·m) for the whole
// map, m = descriptors of at least `least` bytes.
bool memory_map_next_conventional(const struct memory_map *map, size_t *index, uint64_t least,
                                  struct region *range);

// Returns the largest of them; an empty range if there is none. O(n·m), m = descriptors that are
// larger than all before them.
struct region memory_map_largest_conventional(const struct memory_map *map);

#endif
