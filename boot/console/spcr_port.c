// SPDX-License-Identifier: MIT
// The drivers and the reading of spcr_port.h.
#include "boot/console/spcr_port.h"

#include "arch/x86_64/ns16550.h"
#include "arch/x86_64/pci.h"
#include "boot/range.h"

static const struct {
    enum acpi_spcr_type type;
    const struct uart_driver *driver;
} drivers[] = {
    {ACPI_SPCR_16550, &ns16550_driver},
    {ACPI_SPCR_16550_SUBSET, &ns16550_driver},
    {ACPI_SPCR_16550_GAS, &ns16550_driver},
};

static const struct uart_driver *driver_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (drivers[i].type == type)
            return drivers[i].driver;
    return NULL;
}

static bool is_reachable(const struct acpi_address *address)
{
    struct range registers;

    if (address->space == ACPI_SPACE_IO)
        return address->address <= UINT16_MAX;
    return address->space == ACPI_SPACE_MEMORY &&
           range_of(&registers, address->address, SERIAL_REGISTERS_SIZE);
}

// The width of a register in bytes is its distance from the next. No UART has wider ones than 4.
static unsigned stride_of(const struct acpi_address *address)
{
    unsigned bytes = address->bits / 8u;

    return bytes == 2 || bytes == 4 ? bytes : 1;
}

static unsigned width_of(const struct acpi_address *address)
{
    unsigned stride = stride_of(address);

    return address->access_bytes == 0       ? 1
           : address->access_bytes < stride ? address->access_bytes
                                            : stride;
}

// A driver counts rates from the PC's clock: with another, the divisor for this rate is right.
static uint32_t baud_of(const struct acpi_spcr *spcr)
{
    uint64_t clock = spcr->clock_hz != 0 ? spcr->clock_hz : NS16550_CLOCK_HZ;
    uint64_t baud = (uint64_t)spcr->baud * NS16550_CLOCK_HZ / clock;

    return baud != 0 && baud < NS16550_BAUD_MAX ? (uint32_t)baud : NS16550_BAUD_MAX;
}

enum spcr_port_status spcr_port_read(struct serial_port *port, const struct acpi_spcr *spcr,
                                     struct device_io ports)
{
    const struct acpi_address *address = &spcr->address;
    const struct acpi_pci *pci = &spcr->pci;
    const struct uart_driver *driver = driver_of(spcr->type);

    if (!driver)
        return SPCR_PORT_NO_DRIVER;
    if (address->address == 0) {
        if (pci->segment != 0 ||
            !serial_of_pci(port, ports, PCI_FUNCTION(pci->bus, pci->device, pci->function)))
            return SPCR_PORT_NO_REGISTERS;
    } else if (is_reachable(address)) {
        *port = (struct serial_port){
            .is_at_ports = address->space == ACPI_SPACE_IO,
            .address = address->address,
            .width = width_of(address),
            .stride = stride_of(address),
        };
    } else {
        return SPCR_PORT_OUT_OF_REACH;
    }
    port->driver = driver;
    port->baud = baud_of(spcr);
    return SPCR_PORT_OK;
}
