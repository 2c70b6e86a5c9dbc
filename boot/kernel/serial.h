// SPDX-License-Identifier: MIT
// serial: the kernel's serial port as a console device, and the list of UART drivers: a new type of
// UART is a driver in arch/ and a row here.
#ifndef BOOT_KERNEL_SERIAL_H
#define BOOT_KERNEL_SERIAL_H

#include "arch/x86_64/uart.h"
#include "boot/kernel/acpi/spcr.h"
#include "boot/kernel/console.h"

#include <stdbool.h>

#define SERIAL_NAME "serial port" // of the console device

// Bytes that the registers of any UART take at most, for mapping them.
#define SERIAL_REGISTERS_SIZE UINT64_C(64)

// Opens the first UART at I/O ports that answers, at 115200 baud: of the four standard ports of a
// PC, or, where none does, of the PCI devices that are UARTs. False iff none answers.
bool serial_open_standard(struct uart *uart);

// A UART that is a PCI device, described as SPCR would. `ports` reaches PCI's configuration space
// (pci.h).

// The first PCI device that is a UART with registers in memory, for a machine without SPCR. False
// iff there is none.
bool serial_find_pci(struct acpi_spcr *spcr, struct device_io ports);

// Fills in the address where SPCR names only the PCI device. It stays 0 iff that has no registers,
// or is in another segment than the first.
void serial_find_address(struct acpi_spcr *spcr, struct device_io ports);

// The driver for the type of UART that SPCR names; NULL if there is none.
const struct uart_driver *serial_driver(const struct acpi_spcr *spcr);

// Whether the kernel can reach the registers of that UART: a port, or memory that does not wrap.
bool serial_is_reachable(const struct acpi_spcr *spcr);

// The registers that SPCR describes: in I/O space, or in memory mapped at `mapped`. Width and
// stride of a register are those of its address structure, one byte each where that does not say.
struct device_registers serial_registers(const struct acpi_spcr *spcr, volatile void *mapped);

// The console device of an open port whose registers are at `address`, a port or physical.
struct console_device serial_device(struct uart *uart, uint64_t address);

#endif
