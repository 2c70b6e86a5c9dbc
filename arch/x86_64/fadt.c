// SPDX-License-Identifier: MIT
// Reading the FADT: fields of a table that may be shorter than today's, at any alignment.
#include "arch/x86_64/fadt.h"

#define HEADER_LENGTH 4 // offset of the length in an ACPI table's header, ACPI 6.5, 5.2.6

// Generic Address Structure, ACPI 6.5, 5.2.3.2.
#define GAS_SPACE 0
#define GAS_ADDRESS 4
#define GAS_SYSTEM_IO 1

size_t fadt_table_length(const void *table, size_t size)
{
    if (size < FADT_HEADER_SIZE)
        return 0;
    uint64_t length = fadt_read(table, size, HEADER_LENGTH, 4);
    return length >= FADT_HEADER_SIZE && length <= size ? (size_t)length : 0;
}

uint64_t fadt_read(const void *table, size_t length, size_t offset, size_t width)
{
    if (offset > length || width > length - offset)
        return 0;
    const uint8_t *bytes = (const uint8_t *)table + offset;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint16_t fadt_port(const void *fadt, size_t length, enum fadt_field field, enum fadt_field extended)
{
    uint64_t port = fadt_read(fadt, length, (size_t)extended + GAS_ADDRESS, 8);
    uint64_t space = fadt_read(fadt, length, (size_t)extended + GAS_SPACE, 1);
    if (port == 0 || space != GAS_SYSTEM_IO)
        port = fadt_read(fadt, length, field, 4);
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}
