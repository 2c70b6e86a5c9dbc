// SPDX-License-Identifier: MIT
// fadt: the registers that the Fixed ACPI Description Table names (signature "FACP", ACPI 5.2.9),
// for power-off and for the power management timer, and the DSDT, which no other table names.
#ifndef BOOT_ACPI_FADT_H
#define BOOT_ACPI_FADT_H

#include "boot/acpi/tables.h"

// I/O ports, each 0 where the machine has none.
struct acpi_fadt {
    bool is_reduced;       // HW_REDUCED_ACPI: there are no PM1 registers
    uint16_t pm1a_control; // PM1a_CNT_BLK
    uint16_t pm1b_control; // PM1b_CNT_BLK
    uint16_t smi_command;  // SMI_CMD: 0 where the machine is always in ACPI mode
    uint8_t acpi_enable;   // ACPI_ENABLE, which smi_command gets to enter ACPI mode
    uint16_t timer;        // PM_TMR_BLK
    bool timer_is_32_bits; // TMR_VAL_EXT; else it has 24
    uint64_t x_dsdt;       // physical address of the DSDT, X_DSDT; 0: none
    uint64_t dsdt;         // the same, DSDT
};

// Reads the table, of any revision. A register block is where its extended field says if that names
// an I/O port (ACPI 5.2.9), else where the 32-bit field says.
void acpi_fadt_read(struct acpi_fadt *fadt, const struct acpi_table *table);

// The DSDT: the table at X_DSDT, or, if that cannot be read, the one at DSDT. One whose sum is
// wrong is taken if no other can be had, as operating systems do: `has_bad_sum` then. False iff
// there is none.
bool acpi_fadt_find_dsdt(struct acpi_table *dsdt, bool *has_bad_sum, const struct acpi_fadt *fadt,
                         const struct acpi_memory *memory);

#endif
