// SPDX-License-Identifier: MIT
// owners: who owns physical memory that the firmware's memory map calls usable: the kernel's image,
// its modules and whatever else must not become a page frame. ACPI's tables in such memory are
// taken when they are read: steps/acpi.c.
#ifndef BOOT_KERNEL_OWNERS_H
#define BOOT_KERNEL_OWNERS_H

#include "boot/handoff.h"
#include "kmem/region.h"

#include <stddef.h>

// Takes each owner's memory, whole pages, out of the map. At most owners_entries() entries are
// added to it. O(owners · entries).
void owners_take(const struct handoff *handoff, struct region_map *map);

// Returns how many entries the owners may add to a map, and setting a part of one of them once.
size_t owners_entries(const struct handoff *handoff);

#endif
