// SPDX-License-Identifier: MIT
// late_console: where the loader writes once boot services have ended: a serial port, the one that
// ACPI names, the debug console of an emulator, and the framebuffer, whichever there are.
#ifndef BOOT_LOADER_LATE_CONSOLE_H
#define BOOT_LOADER_LATE_CONSOLE_H

#include "arch/x86_64/debugcon.h"
#include "boot/handoff.h"
#include "boot/console/console.h"
#include "boot/console/screen.h"
#include "boot/console/serial.h"

#define LATE_CONSOLE_TEXT 8192u // bytes: 50 rows of 160 columns

// Opened by late_console_open(); until then, with its console initialised, it drops what is
// written. It must not move.
struct late_console {
    struct console console; // its writer is what to write to
    struct uart uart, named_uart;
    struct debugcon debugcon;
    struct screen screen;
    char text[LATE_CONSOLE_TEXT]; // of the screen
};

// The part of `framebuffer` that the late console draws on: its first lines, at most 8 MiB, so that
// few page tables map it. Size 0 iff there is none, or its numbers contradict each other.
struct handoff_framebuffer late_console_part(const struct handoff_framebuffer *framebuffer);

// Opens every device that answers. `named` is named_port.h's, without a driver if there is none,
// and `part` late_console_part()'s, both mapped at their own addresses; the screen has as many rows
// as there is memory for their text. On a processor at ring 0, with interrupts off: a UART is tried
// with a byte that it sends to itself, and an event of the firmware's that polls for input would
// take it.
void late_console_open(struct late_console *late, const struct serial_port *named,
                       const struct handoff_framebuffer *part);

#endif
