// SPDX-License-Identifier: MIT
// acpi_memory: the kernel's way to the firmware's tables, wherever they lie: through the direct
// map, and where that does not have them, as it has no reserved memory, in which coreboot keeps its
// tables, through a read-only mapping of their own.
#ifndef BOOT_KERNEL_ACPI_MEMORY_H
#define BOOT_KERNEL_ACPI_MEMORY_H

#include "boot/acpi/tables.h"
#include "boot/kernel/device_map.h"

#include <stdbool.h>

// `devices` is set by the user. It must not move while its acpi_memory is used.
struct acpi_reader {
    struct device_map *devices;
    bool out_of_tables; // a mapping has failed because there was no page table for it
};

// What acpi_tables_read() reads through. Addresses that wrap, or that the processor does not have,
// are unreachable.
struct acpi_memory acpi_reader_memory(struct acpi_reader *reader);

#endif
