// SPDX-License-Identifier: MIT
// acpi_bytes: writes ACPI tables, byte by byte, with the sums that make them good: ACPI 6.5,
// 5.2.5.3 and 5.2.6.
#ifndef TESTS_BOOT_ACPI_BYTES_H
#define TESTS_BOOT_ACPI_BYTES_H

#include <stddef.h>
#include <stdint.h>

// Little-endian numbers of `width` bytes.
static inline uint64_t acpi_get(const unsigned char *at, size_t width)
{
    uint64_t number = 0;

    while (width > 0)
        number = number << 8 | at[--width];
    return number;
}

static inline void acpi_put(unsigned char *at, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

static inline void acpi_put_text(unsigned char *at, const char *text)
{
    while (*text != '\0')
        *at++ = (unsigned char)*text++;
}

// Makes [bytes, bytes + length) sum to zero through the byte at `sum`.
static inline void acpi_fix_sum(const unsigned char *bytes, size_t length, unsigned char *sum)
{
    unsigned char total = 0;

    *sum = 0;
    for (size_t i = 0; i < length; i++)
        total = (unsigned char)(total + bytes[i]);
    *sum = (unsigned char)(0 - total);
}

// Makes the sum of a table right again, whose length says what of it counts.
static inline void acpi_fix_table(unsigned char *table)
{
    acpi_fix_sum(table, acpi_get(table + 4, 4), table + 9);
}

// Writes signature and length of a table, and the sum of what stands there.
static inline void acpi_put_table(unsigned char *table, const char *signature, uint32_t length)
{
    acpi_put_text(table, signature);
    acpi_put(table + 4, length, 4);
    acpi_fix_table(table);
}

// Makes both sums of a root pointer right again.
static inline void acpi_fix_pointer(unsigned char *pointer)
{
    acpi_fix_sum(pointer, 20, pointer + 8);
    acpi_fix_sum(pointer, 36, pointer + 32);
}

// Writes a root pointer.
static inline void acpi_put_pointer(unsigned char *pointer, uint8_t revision, uint64_t rsdt,
                                    uint64_t xsdt)
{
    acpi_put_text(pointer, "RSD PTR ");
    pointer[15] = revision;
    acpi_put(pointer + 16, rsdt, 4);
    acpi_put(pointer + 24, xsdt, 8);
    acpi_fix_pointer(pointer);
}

#endif
