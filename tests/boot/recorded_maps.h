// SPDX-License-Identifier: MIT
// recorded_maps: memory maps that the firmware of real machines gave, as Linux printed them at boot
// ("efi: mem00: ..."), with what Linux itself counted in the same log; one is from another boot
// loader. recorded_maps_suite.c holds boot/memory_map.h against them.
#ifndef TESTS_BOOT_RECORDED_MAPS_H
#define TESTS_BOOT_RECORDED_MAPS_H

#include "boot/memory_map.h"
#include "tests/boot/efi_memory.h"

#include <stddef.h>
#include <stdint.h>

// In the order of the log, which is the firmware's.
struct recorded_descriptor {
    uint32_t type; // an enum efi_memory_type
    uint64_t attribute;
    uint64_t start; // physical, in bytes
    uint64_t pages;
};

// [start, end), physical, in bytes.
struct recorded_extent {
    uint64_t start, end;
};

struct recorded_map {
    const char *machine;
    const struct recorded_descriptor *descriptors;
    size_t descriptor_count;

    // Linux's own view: "Early memory node ranges" and "On node 0 totalpages". Both leave out page
    // 0, which Linux keeps to itself whatever the firmware says; here it is put back. A map that
    // Linux did not print says where these come from.
    const struct recorded_extent *usable;
    size_t usable_count;
    uint64_t usable_pages;

    // By enum memory_kind: ranges after merging, and their pages, counted page by page from the
    // descriptors without the code under test.
    struct {
        size_t ranges;
        uint64_t pages;
    } kinds[MEMORY_DEVICE + 1];
};

#define RECORDED_MAP_COUNT 4
#define RECORDED_MOST_DESCRIPTORS 198
extern const struct recorded_map recorded_maps[RECORDED_MAP_COUNT];

#endif
