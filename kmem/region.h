// SPDX-License-Identifier: MIT
// region: the physical memory map of a machine: which ranges are usable, where an early heap fits
// between them, and what is left for a page allocator. No allocation, no global state; addresses
// have 64 bits, on 32-bit kernels too.
//
// The map is a list of ranges in the caller's array, always ascending and disjoint, neighbours of a
// kind merged. Whatever memory has an owner is added like the boot loader's entries are, in any
// order: where ranges overlap, the stricter kind wins.
//
//     struct region entries[64];
//     struct region_map map;
//     uint64_t start;
//
//     region_init(&map, entries, 64);
//     region_add_e820(&map, e820, e820_count);                 // region_sources.h
//     region_add(&map, 0, 4096, REGION_RESERVED);              // page 0: it looks like a mistake
//     region_add(&map, image, image_size, REGION_TAKEN);       // boot information, modules
//     region_add(&map, limit, UINT64_MAX - limit, REGION_RESERVED); // beyond the processor
//     region_take(&map, &(struct region_request){.size = 65536, .align = 4096,
//                                                .limit = UINT64_C(1) << 32}, &start);
//
// and after the seal of that heap:
//
//     region_set(&map, free_start, free_size, REGION_USABLE);
//     struct region range = {0, 0, 0};
//     while (region_next(&map, 4096, &range))
//         give(range.start, range.end);                        // each byte once
#ifndef KMEM_REGION_H
#define KMEM_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What memory is good for. Kinds are numbers, and a larger one is stricter: a kernel may have kinds
// of its own between these.
enum region_kind {
    REGION_USABLE = 0,
    REGION_RECLAIMABLE = 16, // usable once it has been read: the boot loader's data, ACPI tables
    REGION_RESERVED = 32,    // the firmware's, a device's, broken, or of a type that is unknown
    REGION_TAKEN = 255,      // the kernel's own
};

// [start, end), physical, in bytes. The last byte of the address space belongs to no range.
struct region {
    uint64_t start, end;
    uint32_t kind;
};
#ifndef __i386__ // which aligns 64 bits to 4 bytes
typedef char region_under_pragma_pack_[sizeof(struct region) % __alignof__(uint64_t) ? -1 : 1];
#endif

struct region_map {
    struct region *entries; // ascending
    size_t count, capacity;
    // What was not as it should be, so far.
    size_t empty;   // ranges of no bytes, which are nothing
    size_t cut;     // ranges that would wrap: they end with the address space
    size_t lacking; // entries that there was no room for; 0: the map is exact
};

// Opens an empty map over an array. n ranges never need more than 2n - 1 entries, and n if they do
// not overlap. When the array is full, `lacking` counts the entries that it is too short of, of
// which there may be more, and no memory becomes usable from then on: what has no entry is a hole,
// and holes are not usable. Such a map is safe, and forgets memory.
void region_init(struct region_map *map, struct region *entries, size_t capacity);

// Adds [start, start + size), whose bytes become of this kind unless they are of a stricter one.
// The order of additions does not matter while nothing is lacking. O(log entries) where addresses
// ascend, else O(entries).
void region_add(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind);

// The same, whatever kind the bytes were of: to give back what was taken.
void region_set(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind);

// Makes all reclaimable memory usable: when it has been read, and the kernel has a stack and page
// tables of its own. O(entries).
void region_reclaim(struct region_map *map);

// A place for an early heap: `size` bytes at a multiple of `align`, all of it in [lowest, limit).
struct region_request {
    uint64_t size;   // not 0
    uint64_t align;  // a power of two
    uint64_t lowest; // 1 MiB leaves the memory below it to what can lie nowhere else
    uint64_t limit;  // 4 GiB, or where the direct map ends; not 0
};

// Finds the lowest such place in usable memory, and takes it: it is REGION_TAKEN now.
// Fails iff there is none; nothing has changed then. O(entries).
bool region_take(struct region_map *map, const struct region_request *request, uint64_t *start);

// Gives the next usable range from range->end on, cut to whole granules; a power of two, mostly the
// page size. Begin with a range of zeros. Returns false iff there is none; `range` is unchanged
// then. O(log entries) and those that it passes over.
bool region_next(const struct region_map *map, uint64_t granule, struct region *range);

#ifdef __cplusplus
}
#endif

#endif
