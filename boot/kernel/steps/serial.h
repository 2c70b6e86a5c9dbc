// SPDX-License-Identifier: MIT
// serial: the boot step that moves the console to the serial port that ACPI names (SPCR), at ports
// or in memory, if that is another than the one in use and a UART answers there.
#ifndef BOOT_KERNEL_STEPS_SERIAL_H
#define BOOT_KERNEL_STEPS_SERIAL_H

#include "boot/kernel/steps/step.h"

enum step_result step_serial(struct kernel *kernel);
void step_serial_undo(struct kernel *kernel);

#endif
