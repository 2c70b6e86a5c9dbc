// SPDX-License-Identifier: MIT
// The fields of spcr.h.
#include "boot/kernel/acpi/spcr.h"

#define INTERFACE_TYPE 36
#define BASE_ADDRESS 40

bool acpi_spcr_read(struct acpi_spcr *spcr, const struct acpi_table *table)
{
    *spcr = (struct acpi_spcr){
        .type = (uint8_t)acpi_table_read(table, INTERFACE_TYPE, 1),
        .address = acpi_table_read_address(table, BASE_ADDRESS),
    };
    return spcr->address.address != 0;
}
