// SPDX-License-Identifier: MIT
// The ports of serial.h.
#include "boot/console/serial.h"

#include "arch/x86_64/ns16550.h"
#include "arch/x86_64/pci.h"

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

static struct serial_port port_at(const struct pci_place *place)
{
    return (struct serial_port){
        .driver = &ns16550_driver,
        .is_at_ports = place->is_port,
        .address = place->address,
        .width = 1,
        .stride = 1,
        .baud = NS16550_BAUD_MAX,
    };
}

bool serial_find_pci(struct serial_port *port, struct device_io ports)
{
    struct pci_place place;

    if (find_pci(&place, ports, 0, false) == PCI_NONE)
        return false;
    *port = port_at(&place);
    return true;
}

bool serial_of_pci(struct serial_port *port, struct device_io ports, uint32_t function)
{
    struct pci_place place;

    if (!find_place(&place, ports, function))
        return false;
    *port = port_at(&place);
    return true;
}

struct device_registers serial_registers(const struct serial_port *port, volatile void *mapped)
{
    return (struct device_registers){
        .io = port->is_at_ports ? device_io_ports() : device_io_memory(),
        .base = port->is_at_ports ? (uintptr_t)port->address : (uintptr_t)mapped,
        .width = port->width,
        .stride = port->stride,
    };
}

struct console_device serial_device(struct uart *uart, uint64_t address)
{
    return (struct console_device){SERIAL_NAME, address, uart_write, uart};
}
