// SPDX-License-Identifier: MIT
// uart: a serial port, with a UART of any type, as a device that text is written to. Polled,
// 8 data bits, no parity, 1 stop bit. It never hangs: an absent UART is noticed, and one that stays
// busy is given up on. Used by the kernel from its first line, and by the loader once boot services
// have ended. A type of UART is a struct uart_driver: ns16550.h has one.
#ifndef ARCH_X86_64_UART_H
#define ARCH_X86_64_UART_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a driver knows of its type of UART. Its functions wait as device_wait.h does, or not at all.
struct uart_driver {
    const char *name; // of the type
    // Looks for a UART and sets it up to send, at the rate that the firmware has set, or at `baud`,
    // not 0, where it has set none. Returns whether there is one.
    bool (*open)(const struct device_registers *registers, uint32_t baud);
    // How many bytes it takes now without being asked again.
    unsigned (*room)(const struct device_registers *registers);
    // Sends bytes, no more than there is room for.
    void (*send)(const struct device_registers *registers, const char *bytes, size_t count);
};

// One serial port. All zero is a port that is not open: it drops what is written to it.
struct uart {
    const struct uart_driver *driver; // NULL: not open
    struct device_registers registers;
    unsigned room;    // bytes that may be sent before the driver is asked again
    bool stuck;       // the last bounded wait ran out: until it is ready, do not wait again
    uint64_t dropped; // bytes that could not be sent, over the life of the port
};

// Opens the UART at `registers`. False, and the port is then not open, iff its driver finds none.
bool uart_open(struct uart *uart, const struct uart_driver *driver,
               const struct device_registers *registers, uint32_t baud);

// Sends `length` bytes, each \n as \r\n. `context` is the struct uart; the signature is that of
// struct writer. Waits a bounded time where there is no room; what cannot be sent is counted in
// `dropped`. At most one full wait is spent on a port that stays busy; it sends again as soon as it
// is ready. Not for two processors at once.
void uart_write(void *context, const char *text, size_t length);

#endif
