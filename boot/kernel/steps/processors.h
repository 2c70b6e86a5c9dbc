// SPDX-License-Identifier: MIT
// processors: the boot step that starts the application processors (APs).
#ifndef BOOT_KERNEL_STEPS_PROCESSORS_H
#define BOOT_KERNEL_STEPS_PROCESSORS_H

#include "boot/kernel/processors.h"
#include "boot/kernel/steps/step.h"

enum step_result step_processors(struct kernel *kernel);

// What the step has made: the APs. None, if none was started.
struct processors *step_processors_started(void);

#endif
