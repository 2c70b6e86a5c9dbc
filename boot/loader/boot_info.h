// SPDX-License-Identifier: MIT
// boot_info: the boot info that the loader leaves for the kernel: the early heap over the region of
// the loaded image, and in it struct handoff with all that it points to.
#ifndef BOOT_LOADER_BOOT_INFO_H
#define BOOT_LOADER_BOOT_INFO_H

#include "boot/loader/loader.h"

// Opens the early heap over the region. After image_place().
// Stops iff no heap can lie there (fba_init()).
enum loader_result boot_info_open_heap(struct loader *loader);

// Allocates the handoff, the command line and the list of modules, and writes the latter two.
// Fails iff the early heap is full.
enum loader_result boot_info_write(struct loader *loader);

// Allocates the buffer for the memory map, with room to spare for descriptors that later
// allocations add.
// Fails iff the early heap is full; stops iff the firmware does not tell the size of its map.
enum loader_result boot_info_reserve_map(struct loader *loader);

// Fills in the handoff but for the memory map, which exit_boot_services() does. After the last
// allocation from the early heap.
// Stops iff the heap cannot be exported (early_heap_export()).
enum loader_result boot_info_complete(struct loader *loader);

#endif
