// SPDX-License-Identifier: MIT
// The few fields of the Fixed ACPI Description Table (ACPI 6.5, 5.2.9) that power and timer need.
// The caller has found the table and checked its checksum; a length that lies is noticed here.
#ifndef ARCH_X86_64_FADT_H
#define ARCH_X86_64_FADT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Every ACPI table begins with a header of this size (5.2.6), its length at offset 4.
#define FADT_HEADER_SIZE 36

// Offsets of fields, table 5.9. A register block has a 32-bit field of old and an extended one.
enum fadt_field {
    FADT_SMI_COMMAND = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_PM_TIMER = 76,
    FADT_FLAGS = 112,
    FADT_X_PM1A_CONTROL = 172,
    FADT_X_PM1B_CONTROL = 184,
    FADT_X_PM_TIMER = 208,
};

// FADT_FLAGS, table 5.10.
#define FADT_TIMER_32_BITS (UINT32_C(1) << 8)     // TMR_VAL_EXT
#define FADT_HARDWARE_REDUCED (UINT32_C(1) << 20) // HW_REDUCED_ACPI: no PM1 registers at all

// The length in bytes that an ACPI table, whichever, gives itself; 0 iff it is shorter than a
// header or claims more than the `size` bytes that the caller can read.
size_t fadt_table_length(const void *table, size_t size);

// The little-endian number of `width` bytes (at most 8) at `offset`; 0 where the table, of
// `length` bytes, does not reach that far, as older revisions do not. ACPI gives these fields 0
// for "absent".
uint64_t fadt_read(const void *table, size_t length, size_t offset, size_t width);

// The I/O port of a register block: the extended field where it is in I/O space (ACPI 5.2.9:
// a usable extended field overrules), else the old one. 0 iff the machine has none.
uint16_t fadt_port(const void *fadt, size_t length, enum fadt_field field,
                   enum fadt_field extended);

#endif
