// SPDX-License-Identifier: MIT
// start: what the kernel does before its first boot step.
#ifndef BOOT_KERNEL_START_H
#define BOOT_KERNEL_START_H

#include "boot/kernel/kernel.h"

// Sets up, in this order: console, traps, the handoff, checked, the command line, the page tables,
// the early heap over the region. Prints what is wrong, if anything is, and ends as a panic. Once,
// at the entry, on the bootstrap processor (BSP).
void kernel_start(struct kernel *kernel, const struct handoff *handoff);

#endif
