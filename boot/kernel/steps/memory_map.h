// SPDX-License-Identifier: MIT
// memory_map: the boot step that keeps the firmware's memory map, sorted and merged.
#ifndef BOOT_KERNEL_STEPS_MEMORY_MAP_H
#define BOOT_KERNEL_STEPS_MEMORY_MAP_H

#include "boot/kernel/steps/step.h"
#include "kmem/region.h"

enum step_result step_memory_map(struct kernel *kernel);

// Makes what the map calls usable of the pages of [start, start + size) ACPI's. Adds to `claimed`
// the bytes that were usable. False iff an allocation from the early heap failed.
bool step_memory_map_claim_acpi(struct kernel *kernel, uint64_t start, uint64_t size,
                                uint64_t *claimed);

// What the step has made: ranges of an enum memory_kind each, with room for those of owners.h.
struct region_map *step_memory_map_ranges(void);

#endif
