// SPDX-License-Identifier: MIT
// console: where the kernel speaks. Everything goes to a serial port if there is one, to the
// emulator's debug console if there is one, and to the screen once it is mapped; with none of
// them, the kernel works in silence.
#ifndef BOOT_KERNEL_CONSOLE_H
#define BOOT_KERNEL_CONSOLE_H

#include "arch/x86_64/serial.h"
#include "boot/kernel/screen.h"
#include "kmem/writer.h"

#include <stdbool.h>

struct console {
    struct writer writer; // writes to all of it; its context is this structure
    struct serial serial;
    bool has_serial;
    bool has_debugcon;
    struct screen screen;
};

// Looks for the first of the four standard serial ports that answers, and for the debug console.
// `console` must stay where it is.
void console_open(struct console *console);

// Goes on at another serial port, the one that ACPI names, if one answers there.
bool console_use_port(struct console *console, uint16_t port);

#endif
