// SPDX-License-Identifier: MIT
// memory_map: the boot step that keeps the firmware's memory map, sorted and merged.
#ifndef BOOT_KERNEL_STEPS_MEMORY_MAP_H
#define BOOT_KERNEL_STEPS_MEMORY_MAP_H

#include "boot/kernel/steps/step.h"
#include "kmem/region.h"

enum step_result step_memory_map(struct kernel *kernel);

// What the step has made: ranges of an enum memory_kind each, with room for those of owners.h.
struct region_map *step_memory_map_ranges(void);

#endif
