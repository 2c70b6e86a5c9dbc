// SPDX-License-Identifier: MIT
// console: where the kernel speaks. Everything goes to COM1 if there is one, and to the emulator's
// debug console if there is one; with neither, the kernel works in silence.
#ifndef BOOT_KERNEL_CONSOLE_H
#define BOOT_KERNEL_CONSOLE_H

#include "arch/x86_64/serial.h"
#include "kmem/writer.h"

#include <stdbool.h>

struct console {
    struct writer writer; // writes to all of it; its context is this structure
    struct serial serial;
    bool has_serial;
    bool has_debugcon;
};

// Looks for both, the first time anything is printed. `console` must stay where it is.
void console_open(struct console *console);

#endif
