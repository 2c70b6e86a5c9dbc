// SPDX-License-Identifier: MIT
// madt: the processors that the Multiple APIC Description Table lists (signature "APIC", ACPI
// 5.2.12), by the ids of their local APICs.
#ifndef BOOT_ACPI_MADT_H
#define BOOT_ACPI_MADT_H

#include "boot/acpi/table.h"
#include "kmem/allocator.h"
#include "kmem/array_list.h"

// A processor: Processor Local APIC structure (ACPI 5.2.12.2) or x2APIC structure (5.2.12.12).
struct acpi_processor {
    uint32_t apic_id;
    uint32_t uid;
    bool enabled; // false: may be brought online later
};

struct acpi_processors {
    struct array_list list; // of struct acpi_processor, in the table's order, each id once
    size_t enabled;         // how many are
    // Structures that repeat an id, have one that means all processors, or are too short for one.
    size_t dropped;
    bool is_damaged; // the table ends in a structure of no sane length, and more may be missing
};

// Lists the processors of `madt`; NULL lists none. A processor that is listed more than once is
// enabled if one of its structures says so. What follows a damaged structure is not listed. False
// iff an allocation failed; `processors` is then what was listed so far. O(processors²).
bool acpi_madt_read(struct acpi_processors *processors, const struct acpi_table *madt,
                    struct allocator allocator);

#endif
