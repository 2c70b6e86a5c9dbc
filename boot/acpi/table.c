// SPDX-License-Identifier: MIT
// The reading of table.h: a byte at a time, because ACPI aligns nothing.
#include "boot/acpi/table.h"

#include "boot/range.h"

// Offsets in a Generic Address Structure; the byte left out is the register's bit offset.
#define GAS_SIZE 12
#define GAS_SPACE 0
#define GAS_BITS 1
#define GAS_ACCESS 3
#define GAS_ADDRESS 4
#define GAS_ACCESS_MAX 4 // 1 to 4: bytes as a power of two

bool acpi_table_has(const struct acpi_table *table, size_t offset, size_t size)
{
    return range_has((struct range){0, table->length}, offset, size);
}

uint64_t acpi_table_read(const struct acpi_table *table, size_t offset, size_t width)
{
    if (!acpi_table_has(table, offset, width))
        return 0;
    const uint8_t *bytes = (const uint8_t *)table->bytes + offset;
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

struct acpi_address acpi_table_read_address(const struct acpi_table *table, size_t offset)
{
    if (!acpi_table_has(table, offset, GAS_SIZE))
        return (struct acpi_address){0};
    uint64_t access = acpi_table_read(table, offset + GAS_ACCESS, 1);
    return (struct acpi_address){
        .space = (uint8_t)acpi_table_read(table, offset + GAS_SPACE, 1),
        .bits = (uint8_t)acpi_table_read(table, offset + GAS_BITS, 1),
        .access_bytes = (uint8_t)(access >= 1 && access <= GAS_ACCESS_MAX ? 1u << (access - 1) : 0),
        .address = acpi_table_read(table, offset + GAS_ADDRESS, 8),
    };
}

bool acpi_table_is(const struct acpi_table *table, const char *signature)
{
    for (size_t i = 0; i < 4; i++)
        if (table->signature[i] != signature[i])
            return false;
    return true;
}
