// SPDX-License-Identifier: MIT
// boot_time: how long the boot took, in microseconds.
#ifndef BOOT_KERNEL_BOOT_TIME_H
#define BOOT_KERNEL_BOOT_TIME_H

#include "boot/kernel/kernel.h"

// Prints the time since the loader's first instruction, or why it is not known. Waits up to a
// millisecond if too little time has passed to calibrate the TSC, or so much that the timer may
// have wrapped meanwhile.
void boot_time_print(const struct kernel *kernel);

#endif
