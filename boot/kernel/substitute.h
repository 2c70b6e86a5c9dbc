// SPDX-License-Identifier: MIT
// substitute: a larger piece of memory in the place of the early heap's region, for a measuring
// run.
#ifndef BOOT_KERNEL_SUBSTITUTE_H
#define BOOT_KERNEL_SUBSTITUTE_H

#include "boot/kernel/kernel.h"

#include <stdbool.h>

// Opens the early heap again, over the largest range of conventional memory, as the loader left it,
// and unmaps all devices: their page tables are the old heap's. Nothing may be in use that was
// allocated or mapped since. False iff no range is larger than the region.
bool substitute_open(struct kernel *kernel);

#endif
