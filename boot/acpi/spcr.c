// SPDX-License-Identifier: MIT
// The fields of spcr.h.
#include "boot/acpi/spcr.h"

#define INTERFACE_TYPE 36
#define BASE_ADDRESS 40
#define PCI_VENDOR_ID 66
#define PCI_BUS 68
#define PCI_DEVICE 69
#define PCI_FUNCTION 70
#define PCI_SEGMENT 75
#define BAUD_RATE 58
#define CLOCK 76        // from revision 3 on
#define PRECISE_BAUD 80 // from revision 4 on
#define REVISION 8

#define NO_VENDOR 0xffff // the UART is no PCI device

static struct acpi_pci read_pci(const struct acpi_table *table)
{
    uint64_t vendor = acpi_table_read(table, PCI_VENDOR_ID, 2);

    return (struct acpi_pci){
        .is_named = vendor != 0 && vendor != NO_VENDOR,
        .segment = (uint8_t)acpi_table_read(table, PCI_SEGMENT, 1),
        .bus = (uint8_t)acpi_table_read(table, PCI_BUS, 1),
        .device = (uint8_t)acpi_table_read(table, PCI_DEVICE, 1),
        .function = (uint8_t)acpi_table_read(table, PCI_FUNCTION, 1),
    };
}

static uint32_t read_baud(const struct acpi_table *table)
{
    if (acpi_table_read(table, REVISION, 1) >= 4 && acpi_table_read(table, PRECISE_BAUD, 4) != 0)
        return (uint32_t)acpi_table_read(table, PRECISE_BAUD, 4);
    switch (acpi_table_read(table, BAUD_RATE, 1)) {
    case 3:
        return 9600;
    case 4:
        return 19200;
    case 6:
        return 57600;
    case 7:
        return 115200;
    default:
        return 0;
    }
}

bool acpi_spcr_read(struct acpi_spcr *spcr, const struct acpi_table *table)
{
    *spcr = (struct acpi_spcr){
        .type = (uint8_t)acpi_table_read(table, INTERFACE_TYPE, 1),
        .address = acpi_table_read_address(table, BASE_ADDRESS),
        .pci = read_pci(table),
        .baud = read_baud(table),
        .clock_hz = acpi_table_read(table, REVISION, 1) >= 3
                        ? (uint32_t)acpi_table_read(table, CLOCK, 4)
                        : 0,
    };
    return spcr->address.address != 0 || spcr->pci.is_named;
}
