// SPDX-License-Identifier: MIT
// aml: the sleep types of the soft-off state (S5), read from the AML byte code of the DSDT without
// an interpreter: all that a power-off needs is two constants in the package \_S5 (ACPI 7.4.2).
#ifndef BOOT_ACPI_AML_H
#define BOOT_ACPI_AML_H

#include "boot/acpi/table.h"

// What SLP_TYP of each PM1 control register gets for S5; at most 7.
struct acpi_s5 {
    uint8_t type_a, type_b;
};

// False iff the DSDT has no package named _S5_ of at least two constants that fit. One that an SSDT
// or a method defines is not found. Linear in the table.
bool acpi_aml_find_s5(struct acpi_s5 *s5, const struct acpi_table *dsdt);

#endif
