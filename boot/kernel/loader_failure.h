// SPDX-License-Identifier: MIT
// loader_failure: out of memory in the boot loader, reported by the kernel: the loader has told of
// its failure when it came, but only the kernel's measuring run finds out what would mend it.
#ifndef BOOT_KERNEL_LOADER_FAILURE_H
#define BOOT_KERNEL_LOADER_FAILURE_H

#include "boot/kernel/kernel.h"

// Makes the failure that the handoff tells of the one that kernel_end() reports, in full. The
// handoff has one: its failure.count is not 0.
void loader_failure_keep(struct kernel *kernel);

#endif
