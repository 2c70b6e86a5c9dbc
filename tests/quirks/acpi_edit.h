// SPDX-License-Identifier: MIT
// acpi_edit: the firmware's ACPI tables, copied to where a test may change them: each table with
// room behind it, named by an XSDT and a root pointer of their own. ACPI 6.5, 5.2.
#ifndef TESTS_QUIRKS_ACPI_EDIT_H
#define TESTS_QUIRKS_ACPI_EDIT_H

#include "tests/boot/acpi_bytes.h"

#include <efi.h>
#include <stdbool.h>
#include <stdint.h>

#define ACPI_EDIT_ROOM 4096u // bytes behind each table

// Copies all tables to memory of this type, below 4 GiB, and gives the copies to the firmware.
// Returns false iff there are none, or there is no memory.
bool acpi_edit_begin(EFI_SYSTEM_TABLE *system, EFI_MEMORY_TYPE type);

// The copy with this signature, "DSDT" and "XSDT" included; NULL if there is none.
unsigned char *acpi_edit_find(const char *signature);

// The copy of the root pointer.
unsigned char *acpi_edit_pointer(void);

// Adds a table of `length` bytes, all zero but for its header.
unsigned char *acpi_edit_add(const char *signature, uint32_t length);

// Adds an entry to the XSDT.
void acpi_edit_add_entry(uint64_t address);

// Makes an RSDT of the XSDT's entries, which the root pointer names too.
bool acpi_edit_add_rsdt(void);

#endif
