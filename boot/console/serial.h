// SPDX-License-Identifier: MIT
// serial: a serial port as a console device: those that every PC may have, those of PCI, and any
// other that its user describes.
#ifndef BOOT_CONSOLE_SERIAL_H
#define BOOT_CONSOLE_SERIAL_H

#include "arch/x86_64/uart.h"
#include "boot/console/console.h"

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_NAME "serial port" // of the console device

// Bytes that the registers of any UART take at most, for mapping them.
#define SERIAL_REGISTERS_SIZE UINT64_C(64)

// A UART and where it is, whatever has named it.
struct serial_port {
    const struct uart_driver *driver;
    bool is_at_ports;       // its registers are I/O ports; else they are in memory
    uint64_t address;       // of the first: a port, or physical
    unsigned width, stride; // bytes of one access, and from one register to the next
    uint32_t baud;          // where the firmware has not set it up
};

// Opens the first UART at I/O ports that answers: of the four standard ports of a PC, or, where
// none does, of the PCI devices that are UARTs. It keeps the rate that the firmware has set, and
// has 115200 baud where it has set none. False iff none answers.
bool serial_open_standard(struct uart *uart);

// `ports` reaches PCI's configuration space (pci.h).

// The first PCI device that is a UART with registers in memory. False iff there is none.
bool serial_find_pci(struct serial_port *port, struct device_io ports);

// The UART that is this function of a PCI device. False iff it has no registers.
bool serial_of_pci(struct serial_port *port, struct device_io ports, uint32_t function);

// Its registers: I/O ports, or in memory that its user has mapped at `mapped`.
struct device_registers serial_registers(const struct serial_port *port, volatile void *mapped);

// The console device of an open port whose registers are at `address`, a port or physical.
struct console_device serial_device(struct uart *uart, uint64_t address);

#endif
