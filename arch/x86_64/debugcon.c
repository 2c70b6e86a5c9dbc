// SPDX-License-Identifier: MIT
// The port of debugcon.h. It reads back its own number, which tells it from an absent one, 0xff:
// Bochs, "port_e9_hack"; QEMU, hw/char/debugcon.c.
#include "arch/x86_64/debugcon.h"

#define PORT 0xe9
#define ANSWER 0xe9

bool debugcon_open(struct debugcon *debugcon, struct device_io ports)
{
    debugcon->ports = ports;
    return ports.read(ports.context, PORT, 1) == ANSWER;
}

void debugcon_write(void *context, const char *text, size_t length)
{
    const struct debugcon *debugcon = context;

    for (size_t i = 0; i < length; i++)
        debugcon->ports.write(debugcon->ports.context, PORT, 1, (uint8_t)text[i]);
}
