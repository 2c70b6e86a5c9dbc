// SPDX-License-Identifier: MIT
// power: powering off by ACPI's soft-off state (S5), through the PM1 control registers. Their
// addresses and values come from ACPI's tables, which boot/acpi reads.
#ifndef ARCH_X86_64_POWER_H
#define ARCH_X86_64_POWER_H

#include "arch/x86_64/device_io.h"

#include <stdint.h>

// What a power-off takes. All zero: not known.
struct power {
    struct device_io io;                 // reaches the ports below
    uint16_t pm1a_control, pm1b_control; // ports; pm1a_control is 0 where a power-off is not known,
                                         // pm1b_control where there is only one
    uint16_t smi_command;                // port; 0 where the machine is always in ACPI mode
    uint8_t acpi_enable;                 // written to smi_command to enter ACPI mode
    uint8_t sleep_type_a, sleep_type_b;  // the value that means S5, for each control register
};

// Powers the machine off. Returns iff that is not known, or did not happen within about a second.
// With interrupts off.
void power_off(const struct power *power);

#endif
