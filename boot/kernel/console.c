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
    screen_write(&console->screen, text, length);
}

void console_open(struct console *console)
{
    static const uint16_t ports[] = {SERIAL_COM1, SERIAL_COM2, SERIAL_COM3, SERIAL_COM4};

    for (size_t i = 0; i < sizeof ports / sizeof ports[0] && !console->has_serial; i++)
        console->has_serial = serial_open(&console->serial, ports[i]);
    console->has_debugcon = debugcon_present();
    console->writer = (struct writer){write_everywhere, console};
}

bool console_use_port(struct console *console, uint16_t port)
{
    struct serial serial;

    if ((console->has_serial && console->serial.port == port) || !serial_open(&serial, port))
        return false;
    console->serial = serial;
    console->has_serial = true;
    return true;
}
