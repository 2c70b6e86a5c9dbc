// SPDX-License-Identifier: MIT
// steps: the list of the boot steps, in their order, and their running.
#ifndef BOOT_KERNEL_STEPS_STEPS_H
#define BOOT_KERNEL_STEPS_STEPS_H

#include "boot/kernel/steps/step.h"

// Runs all steps, up to the first that is not done, and prints what each took from the heap.
// Returns the result of the last one that ran.
enum step_result steps_run(struct kernel *kernel);

// Undoes all steps, the last first.
void steps_undo(struct kernel *kernel);

#endif
