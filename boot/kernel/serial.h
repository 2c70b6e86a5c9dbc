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

// Opens the first of the four standard ports of a PC that answers, at 115200 baud. False iff none
// does.
bool serial_open_standard(struct uart *uart);

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
