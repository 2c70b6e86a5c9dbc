// SPDX-License-Identifier: MIT
// tables: finds the ACPI tables that the firmware left, from the root pointer (RSDP) through the
// root table (XSDT or RSDT). Each table is checked before it is listed: reachable, of a sane
// length, its bytes summing to zero.
#ifndef BOOT_ACPI_TABLES_H
#define BOOT_ACPI_TABLES_H

#include "boot/acpi/table.h"
#include "kmem/allocator.h"
#include "kmem/array_list.h"

#define ACPI_POINTER_SIZE 36 // bytes of the root pointer, from revision 2 on (ACPI 5.2.5.3)

// How physical memory is read: the bytes at [physical, physical + size), or NULL if they cannot be
// reached.
struct acpi_memory {
    const void *(*at)(void *context, uint64_t physical, size_t size);
    void *context;
};

enum acpi_status {
    ACPI_OK,
    ACPI_NO_MEMORY,     // an allocation failed
    ACPI_ABSENT,        // the firmware offers none
    ACPI_UNREACHABLE,   // the root pointer or table lies where nothing can be mapped
    ACPI_BAD_SIGNATURE, // the root pointer or table is something else
    ACPI_BAD_CHECKSUM,  // the root pointer or table is damaged
};

struct acpi_tables {
    struct acpi_table root; // the one whose tables are listed
    struct array_list list; // of struct acpi_table: the good ones, in the root table's order
    size_t skipped;         // entries that are not listed: the table is unreachable or damaged
    // The list is the RSDT's, because the XSDT, or the way to it, is damaged, or leads to fewer
    // good tables.
    bool has_bad_xsdt;
};

// Lists all tables, from the root pointer at physical address `rsdp` (0: absent). Anything but
// ACPI_OK leaves `tables` with what was listed so far. The tables' bytes stay where they are.
// Linear in the bytes of the tables.
enum acpi_status acpi_tables_read(struct acpi_tables *tables, uint64_t rsdp,
                                  const struct acpi_memory *memory, struct allocator allocator);

// The first table with this signature; NULL if there is none.
const struct acpi_table *acpi_tables_find(const struct acpi_tables *tables, const char *signature);

// The table at a physical address, 0: none, for one that the root table does not list. False, and
// `table` is then undefined, iff there is none, it is unreachable, of no sane length or has another
// signature. `has_bad_sum`: its bytes do not sum to zero.
bool acpi_tables_read_one(struct acpi_table *table, bool *has_bad_sum, uint64_t physical,
                          const char *signature, const struct acpi_memory *memory);

// What a status means, in a few words.
const char *acpi_status_name(enum acpi_status status);

#endif
