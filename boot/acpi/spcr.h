// SPDX-License-Identifier: MIT
// spcr: the serial port that the firmware uses as its console (Serial Port Console Redirection
// table, Microsoft, revisions 1 to 4).
#ifndef BOOT_ACPI_SPCR_H
#define BOOT_ACPI_SPCR_H

#include "boot/acpi/table.h"

// Types of UART: "Serial Port Subtypes", Debug Port Table 2 (DBG2), table 3. Those of revision 1
// are 0 and 1.
enum acpi_spcr_type {
    ACPI_SPCR_16550 = 0x00,
    ACPI_SPCR_16550_SUBSET = 0x01, // compatible with the 16450
    ACPI_SPCR_16550_GAS = 0x12,    // 16550, its registers as the address structure describes them
};

// A function of a PCI device.
struct acpi_pci {
    bool is_named; // all else is meaningful then
    uint8_t segment, bus, device, function;
};

#define ACPI_SPCR_SIZE 80 // bytes that every revision has

struct acpi_spcr {
    uint8_t type; // enum acpi_spcr_type, or another number of that table
    struct acpi_address address;
    struct acpi_pci pci; // whose UART it is
    uint32_t baud;       // 0: as the firmware has set it
    uint32_t clock_hz;   // of the UART; 0: not named
};

// False iff the table is too short or names neither an address nor a PCI device.
bool acpi_spcr_read(struct acpi_spcr *spcr, const struct acpi_table *table);

#endif
