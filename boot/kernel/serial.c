// SPDX-License-Identifier: MIT
// The ports and drivers of serial.h.
#include "boot/kernel/serial.h"

#include "arch/x86_64/ns16550.h"
#include "arch/x86_64/pci.h"

static const struct {
    enum acpi_spcr_type type;
    const struct uart_driver *driver;
} drivers[] = {
    {ACPI_SPCR_16550, &ns16550_driver},
    {ACPI_SPCR_16550_SUBSET, &ns16550_driver},
    {ACPI_SPCR_16550_GAS, &ns16550_driver},
};

static bool open_at(struct uart *uart, uint16_t port)
{
    struct device_registers registers = ns16550_at_port(port);

    return uart_open(uart, &ns16550_driver, &registers, NS16550_BAUD_MAX);
}

// The place of a PCI UART's registers: of the first base address register that is set. False iff
// none is.
static bool find_place(struct pci_place *place, struct device_io ports, uint32_t function)
{
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (pci_open(ports, function, i, place))
            return true;
    return false;
}

// The first PCI UART at or behind `function` whose registers are at ports, or are not. Returns
// PCI_NONE iff there is none.
static uint32_t find_pci(struct pci_place *place, struct device_io ports, uint32_t function,
                         bool is_port)
{
    while ((function = pci_find_uart(ports, function)) != PCI_NONE) {
        if (find_place(place, ports, function) && place->is_port == is_port)
            break;
        function++;
    }
    return function;
}

bool serial_open_standard(struct uart *uart)
{
    static const uint16_t standard[] = {NS16550_COM1, NS16550_COM2, NS16550_COM3, NS16550_COM4};
    const struct device_io ports = device_io_ports();
    struct pci_place place;

    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
        if (open_at(uart, standard[i]))
            return true;
    for (uint32_t function = 0; (function = find_pci(&place, ports, function, true)) != PCI_NONE;
         function++)
        if (place.address <= UINT16_MAX && open_at(uart, (uint16_t)place.address))
            return true;
    return false;
}

static struct acpi_address address_of(const struct pci_place *place)
{
    return (struct acpi_address){
        .space = place->is_port ? ACPI_SPACE_IO : ACPI_SPACE_MEMORY,
        .bits = 8,
        .access_bytes = 1,
        .address = place->address,
    };
}

bool serial_find_pci(struct acpi_spcr *spcr, struct device_io ports)
{
    struct pci_place place;

    if (find_pci(&place, ports, 0, false) == PCI_NONE)
        return false;
    *spcr = (struct acpi_spcr){.type = ACPI_SPCR_16550, .address = address_of(&place)};
    return true;
}

void serial_find_address(struct acpi_spcr *spcr, struct device_io ports)
{
    const struct acpi_pci *pci = &spcr->pci;
    struct pci_place place;

    if (spcr->address.address == 0 && pci->segment == 0 &&
        find_place(&place, ports, PCI_FUNCTION(pci->bus, pci->device, pci->function)))
        spcr->address = address_of(&place);
}

const struct uart_driver *serial_driver(const struct acpi_spcr *spcr)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (drivers[i].type == spcr->type)
            return drivers[i].driver;
    return NULL;
}

bool serial_is_reachable(const struct acpi_spcr *spcr)
{
    return spcr->address.space == ACPI_SPACE_IO
               ? spcr->address.address <= UINT16_MAX
               : spcr->address.space == ACPI_SPACE_MEMORY &&
                     spcr->address.address <= UINT64_MAX - SERIAL_REGISTERS_SIZE;
}

// The width of a register in bytes is its distance from the next. No UART has wider ones than 4.
static unsigned stride_of(const struct acpi_address *address)
{
    unsigned bytes = address->bits / 8u;

    return bytes == 2 || bytes == 4 ? bytes : 1;
}

struct device_registers serial_registers(const struct acpi_spcr *spcr, volatile void *mapped)
{
    bool is_port = spcr->address.space == ACPI_SPACE_IO;
    unsigned stride = stride_of(&spcr->address);
    unsigned access = spcr->address.access_bytes;

    return (struct device_registers){
        .io = is_port ? device_io_ports() : device_io_memory(),
        .base = is_port ? (uintptr_t)spcr->address.address : (uintptr_t)mapped,
        .width = access == 0       ? 1
                 : access < stride ? access
                                   : stride,
        .stride = stride,
    };
}

struct console_device serial_device(struct uart *uart, uint64_t address)
{
    return (struct console_device){SERIAL_NAME, address, uart_write, uart};
}
