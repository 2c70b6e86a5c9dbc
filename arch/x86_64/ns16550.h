// SPDX-License-Identifier: MIT
// ns16550: the driver for the 16550 UART of PCs and what is compatible with it, at ports or in
// memory.
#ifndef ARCH_X86_64_NS16550_H
#define ARCH_X86_64_NS16550_H

#include "arch/x86_64/uart.h"

// Base ports of the four UARTs that a PC may have.
#define NS16550_COM1 UINT16_C(0x3f8)
#define NS16550_COM2 UINT16_C(0x2f8)
#define NS16550_COM3 UINT16_C(0x3e8)
#define NS16550_COM4 UINT16_C(0x2e8)

#define NS16550_CLOCK_HZ UINT32_C(1843200) // of the PC's
#define NS16550_BAUD_MAX (NS16550_CLOCK_HZ / 16)

// Opening lets what the firmware left in the transmitter go out first. It fails iff the scratch
// register does not hold what is written to it (an absent device reads as all ones; an 8250 has no
// such register and is rejected too) or a byte does not come back in loopback. The firmware has set
// a rate iff the line is set to 8 data bits, which it is not after a reset, and the divisor is not
// 0. A rate counts from the PC's clock.
extern const struct uart_driver ns16550_driver;

// The registers of a UART at I/O ports, a byte each.
struct device_registers ns16550_at_port(uint16_t port);

#endif
