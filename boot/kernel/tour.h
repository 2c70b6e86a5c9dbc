// SPDX-License-Identifier: MIT
// tour: four small uses of a fixed buffer, run at each boot, to be read as examples.
#ifndef BOOT_KERNEL_TOUR_H
#define BOOT_KERNEL_TOUR_H

#include "kmem/writer.h"

// Shows all four on the writer. They live from their own buffers on the stack, 1 KiB at most.
void tour_run(const struct writer *writer);

#endif
