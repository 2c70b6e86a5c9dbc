// SPDX-License-Identifier: MIT
// acpi: walks the ACPI tables that the firmware left and counts the processors. Every table is
// checked before it is believed: reachable, of a sane length, its bytes summing to zero.
//
// "ACPI" is the ACPI specification 6.5, by section.
#ifndef BOOT_KERNEL_ACPI_H
#define BOOT_KERNEL_ACPI_H

#include "kmem/allocator.h"
#include "kmem/array_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How physical memory is read: the bytes at [physical, physical + size), or NULL if they are not
// all mapped.
struct acpi_memory {
    const void *(*at)(void *context, uint64_t physical, size_t size);
    void *context;
};

struct acpi_table {
    char signature[5]; // NUL-terminated
    uint32_t length;   // bytes
    const void *bytes;
};

// A processor that the MADT lists (ACPI 5.2.12.2 and 5.2.12.12).
struct acpi_processor {
    uint32_t apic_id;
    uint32_t uid;
    bool enabled; // false: may be brought online later
};

enum acpi_status {
    ACPI_OK,
    ACPI_NO_MEMORY,     // the allocator refused
    ACPI_ABSENT,        // the firmware offers none
    ACPI_UNREACHABLE,   // the root pointer or table lies where nothing is mapped
    ACPI_BAD_SIGNATURE, // the root pointer or table is something else
    ACPI_BAD_CHECKSUM,  // the root pointer or table is damaged
};

struct acpi {
    struct array_list tables;     // of struct acpi_table: the good ones
    struct array_list processors; // of struct acpi_processor
    size_t enabled;               // processors that are enabled
    size_t skipped;               // tables that were unreachable or damaged
};

// Reads all tables from the root pointer at physical address `rsdp` (0: absent). Anything but
// ACPI_OK leaves `acpi` with what was read so far. Linear in the bytes of the tables.
enum acpi_status acpi_read_tables(struct acpi *acpi, uint64_t rsdp,
                                  const struct acpi_memory *memory, struct allocator allocator);

// The first table with this signature; NULL if there is none.
const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature);

// The DSDT, which only the FADT points to (ACPI 5.2.9): its bytes and length, or NULL.
const void *acpi_find_dsdt(const struct acpi *acpi, const struct acpi_memory *memory,
                           size_t *length);

// The I/O port of the 16550 that the firmware calls its console (Serial Port Console Redirection
// table, SPCR); 0 if it names none, another kind, or one that is not at an I/O port.
uint16_t acpi_serial_port(const struct acpi *acpi);

// What a status means, in a few words.
const char *acpi_status_name(enum acpi_status status);

#endif
