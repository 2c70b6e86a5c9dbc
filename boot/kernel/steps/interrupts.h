// SPDX-License-Identifier: MIT
// interrupts: the boot step that gives the bootstrap processor (BSP) its descriptor tables and
// interrupt stacks, and the machine its interrupt gates.
#ifndef BOOT_KERNEL_STEPS_INTERRUPTS_H
#define BOOT_KERNEL_STEPS_INTERRUPTS_H

#include "boot/kernel/processor.h"
#include "boot/kernel/steps/step.h"

enum step_result step_interrupts(struct kernel *kernel);

// What the step has made: the BSP's area, and the gates of all processors, which use interrupt
// stacks.
struct processor_area *step_interrupts_area(void);
struct traps_gate *step_interrupts_gates(void);

#endif
