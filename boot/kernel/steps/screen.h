// SPDX-License-Identifier: MIT
// screen: the boot step that adds the firmware's framebuffer to the console, if there is one.
#ifndef BOOT_KERNEL_STEPS_SCREEN_H
#define BOOT_KERNEL_STEPS_SCREEN_H

#include "boot/kernel/steps/step.h"

enum step_result step_screen(struct kernel *kernel);
void step_screen_undo(struct kernel *kernel);

// Draws in the screen's last row how full the early heap's region is. Nothing in a measuring run,
// and where there is no screen.
void step_screen_draw_heap(const struct kernel *kernel);

#endif
