// SPDX-License-Identifier: MIT
// memory_map: the firmware's memory map, made usable. Firmware gives descriptors in any order, at
// any stride, perhaps overlapping or empty; this gives adjacent ranges in ascending order, each of
// one kind. The loader maps memory by it, the kernel keeps its ranges.
//
// Source of types and attributes: UEFI specification 2.10, section 7.2, GetMemoryMap().
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What memory is good for once the firmware has exited. Where descriptors overlap, the later in
// this list wins: nobody gets memory that somebody else was promised.
enum memory_kind {
    MEMORY_USABLE,       // free for the kernel, the loader's and boot services' memory included
    MEMORY_ACPI_RECLAIM, // ACPI tables: usable once they have been read
    MEMORY_ACPI_NVS,     // the firmware's, kept over sleep
    MEMORY_RUNTIME,      // code and data of runtime services
    MEMORY_RESERVED,     // anything else that is memory, and types that nobody knows
    MEMORY_DEVICE,       // not memory: registers, or attributes say it cannot be cached
};

// The kind in a word.
const char *memory_kind_name(enum memory_kind kind);

// Whether ranges of this kind are memory that the direct map covers.
bool memory_kind_is_mapped(enum memory_kind kind);

// [start, end), physical, in bytes, whole 4 KiB pages.
struct memory_range {
    uint64_t start, end;
    enum memory_kind kind;
};

// A map in a caller's buffer, as the firmware wrote it.
struct memory_map {
    unsigned char *descriptors;
    size_t size;   // bytes used
    size_t stride; // bytes from one descriptor to the next, at least 40 (MEMORY_DESCRIPTOR_SIZE)
};

#define MEMORY_DESCRIPTOR_SIZE 40u

// Sorts the descriptors by the page they start at, in place. n log n, no allocation.
void memory_map_sort(const struct memory_map *map);

// Where an iteration over a sorted map stands; all-zero at first.
struct memory_map_cursor {
    uint64_t position;
    size_t first; // descriptors before this one end at or before `position`
};

// The next range of a sorted map; false at its end. Neighbours of the same kind come as one.
// Holes between descriptors belong to no range. What reaches beyond 2^52, the limit of physical
// addresses (Intel SDM 3A 4.1.4), is cut off. Of a descriptor that begins amid a page, usable
// memory gets only the whole pages, anything else all that it touches. Linear over a map whose
// descriptors do not overlap.
bool memory_map_next(const struct memory_map *map, struct memory_map_cursor *cursor,
                     struct memory_range *range);

// The next descriptor of conventional memory, of at least `least` bytes, that no other type
// overlaps, so that nobody has a claim on it, at or after number `*index`, which moves on behind
// it; false at the end. In the order of the map, which need not be sorted. All of a map: linear for
// each descriptor that is so large.
bool memory_map_next_conventional(const struct memory_map *map, size_t *index, uint64_t least,
                                  struct memory_range *range);

// The largest of them; empty if there is none.
struct memory_range memory_map_largest_conventional(const struct memory_map *map);

#endif
