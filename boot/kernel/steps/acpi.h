// SPDX-License-Identifier: MIT
// acpi: the boot step that reads the ACPI tables: how the machine powers off, its timer, its
// processors.
#ifndef BOOT_KERNEL_STEPS_ACPI_H
#define BOOT_KERNEL_STEPS_ACPI_H

#include "boot/acpi/madt.h"
#include "boot/acpi/tables.h"
#include "boot/kernel/steps/step.h"

// Sets kernel->power, kernel->timer and kernel->timer_start too.
enum step_result step_acpi(struct kernel *kernel);

// What the step has made: the tables, and the processors that they list. Both empty if the firmware
// offers no tables.
const struct acpi_tables *step_acpi_tables(void);
const struct acpi_processors *step_acpi_processors(void);

#endif
