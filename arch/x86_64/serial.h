// SPDX-License-Identifier: MIT
// The serial console: a 16550 UART, polled, 115200 baud, 8 data bits, no parity, 1 stop bit.
// It never hangs: a port that is absent is noticed, one that stays busy is given up on.
// Used by the kernel from its first line, and by the loader once the firmware has gone.
#ifndef ARCH_X86_64_SERIAL_H
#define ARCH_X86_64_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where a PC has its ports, those that it has.
#define SERIAL_COM1 UINT16_C(0x3f8)
#define SERIAL_COM2 UINT16_C(0x2f8)
#define SERIAL_COM3 UINT16_C(0x3e8)
#define SERIAL_COM4 UINT16_C(0x2e8)

// One port. All zero is a port that is not open: it drops what is written to it.
struct serial {
    uint16_t port;    // base of its eight registers
    bool open;        // a UART answered
    bool stuck;       // the last bounded wait ran out: until it is ready, do not wait again
    uint64_t dropped; // bytes that could not be sent, over the life of the port
};

// Looks for a UART at `port` and sets it up. Lets what the firmware left in the transmitter go
// out first. Returns whether one is there; fails iff the scratch register does not hold what is
// written to it (an absent port reads 0xff; an 8250 has no such register and is refused, too) or
// a byte does not come back in loopback.
bool serial_open(struct serial *serial, uint16_t port);

// Sends `length` bytes, each \n as \r\n. `context` is the struct serial; the signature is that of
// struct writer. Waits a bounded time for each byte; what cannot be sent is counted in `dropped`.
// At most one full wait (about a second on a real bus) is spent on a port that stays busy; it
// sends again as soon as it is ready. Not for two processors at once.
void serial_write(void *context, const char *text, size_t length);

#endif
