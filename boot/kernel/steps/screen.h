// SPDX-License-Identifier: MIT
// screen: the boot step that adds the firmware's framebuffer to the console, if there is one.
#ifndef BOOT_KERNEL_STEPS_SCREEN_H
#define BOOT_KERNEL_STEPS_SCREEN_H

#include "boot/kernel/steps/step.h"

enum step_result step_screen(struct kernel *kernel);
void step_screen_undo(struct kernel *kernel);

#endif
