// SPDX-License-Identifier: MIT
// tour: four small uses of a fixed buffer, run at each boot, to be read as examples.
#ifndef BOOT_KERNEL_TOUR_H
#define BOOT_KERNEL_TOUR_H

#include "kmem/writer.h"

// Runs all four and prints what they do. Their buffers are on the stack, 1 KiB at most.
void tour_run(const struct writer *writer);

#endif
