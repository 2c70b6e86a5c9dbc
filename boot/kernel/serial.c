// SPDX-License-Identifier: MIT
// The ports and drivers of serial.h.
#include "boot/kernel/serial.h"

#include "arch/x86_64/ns16550.h"

static const struct {
    enum acpi_spcr_type type;
    const struct uart_driver *driver;
} drivers[] = {
    {ACPI_SPCR_16550, &ns16550_driver},
    {ACPI_SPCR_16550_SUBSET, &ns16550_driver},
    {ACPI_SPCR_16550_GAS, &ns16550_driver},
};

bool serial_open_standard(struct uart *uart)
{
    static const uint16_t ports[] = {NS16550_COM1, NS16550_COM2, NS16550_COM3, NS16550_COM4};

    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct device_registers registers = ns16550_at_port(ports[i]);
        if (uart_open(uart, &ns16550_driver, &registers, NS16550_BAUD_MAX))
            return true;
    }
    return false;
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
