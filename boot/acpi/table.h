// SPDX-License-Identifier: MIT
// table: the bytes of one ACPI table, read with a bounds check. All that reads an ACPI table reads
// it through this; what leaves boot/acpi is numbers.
//
// "ACPI", in the files of this folder, is the ACPI specification 6.5, by section.
#ifndef BOOT_ACPI_TABLE_H
#define BOOT_ACPI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The header that every table begins with (ACPI 5.2.6).
#define ACPI_TABLE_HEADER_SIZE 36

struct acpi_table {
    char signature[5]; // NUL-terminated; as the table has it, printable or not
    uint32_t length;   // bytes, the header included
    const void *bytes;
};

// Where a device register is: the Generic Address Structure (ACPI 5.2.3.2).
enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
};
struct acpi_address {
    uint8_t space;        // enum acpi_space, or another number of table 5.1
    uint8_t bits;         // width of the register
    uint8_t access_bytes; // width of one access: 1, 2, 4 or 8; 0: not specified
    uint64_t address;     // physical, or the number of a port; 0: there is no such register
};

// Whether [offset, offset + size) lies in the table. Constant time.
bool acpi_table_has(const struct acpi_table *table, size_t offset, size_t size);

// The little-endian number of `width` bytes, at most 8, at `offset`; 0 where the table does not
// reach that far, as older revisions do not: ACPI gives most fields 0 for "absent". O(width).
uint64_t acpi_table_read(const struct acpi_table *table, size_t offset, size_t width);

// The Generic Address Structure at `offset`; all 0 where the table does not reach that far.
struct acpi_address acpi_table_read_address(const struct acpi_table *table, size_t offset);

// Whether the signature of `table` is this one, of four characters.
bool acpi_table_is(const struct acpi_table *table, const char *signature);

#endif
