// SPDX-License-Identifier: MIT
// The ways out: ACPI power-off, QEMU's exit device, and the halt that always works.
#ifndef ARCH_X86_64_POWER_H
#define ARCH_X86_64_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a power-off takes. All zero: not known.
struct power {
    bool known;
    uint16_t pm1a_control, pm1b_control; // I/O ports; pm1b_control is 0 where there is none
    uint16_t smi_command;                // I/O port; 0 where the machine is always in ACPI mode
    uint8_t acpi_enable;                 // written to smi_command to enter ACPI mode
    uint8_t sleep_type_a, sleep_type_b;  // the value that means S5, for each control register
};

// Learns from the FADT and the DSDT how this machine powers off; the sizes are what the caller
// can read at each. Returns `power->known`; false iff a table's length is wrong, the hardware is
// "reduced" (no PM1 registers), the control register is not an I/O port, or the DSDT has no
// package named _S5_ of two constants (an SSDT or a method may define it: not looked for). One
// pass over the DSDT; keeps no pointer.
bool power_from_acpi(struct power *power, const void *fadt, size_t fadt_size, const void *dsdt,
                     size_t dsdt_size);

// Powers the machine off. Returns iff that did not happen within about a second.
void power_off(const struct power *power);

// Ends QEMU with status (code << 1) | 1 through its isa-debug-exit device at `port`. Returns iff
// no such device answers.
void power_exit_qemu(uint16_t port, uint8_t code);

// Stops this processor for good: interrupts off, and halted again after each NMI.
_Noreturn void power_halt(void);

#endif
