// SPDX-License-Identifier: MIT
// The console of console.h.
#include "boot/kernel/console.h"

#include "arch/x86_64/debugcon.h"

static void write_everywhere(void *context, const char *text, size_t length)
{
    struct console *console = context;

    if (console->has_serial)
        serial_write(&console->serial, text, length);
    if (console->has_debugcon)
        debugcon_write(NULL, text, length);
}

void console_open(struct console *console)
{
    console->has_serial = serial_open(&console->serial, SERIAL_COM1);
    console->has_debugcon = debugcon_present();
    console->writer = (struct writer){write_everywhere, console};
}
