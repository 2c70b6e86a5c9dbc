// SPDX-License-Identifier: MIT
// The debug console of Bochs and QEMU: a byte written to port 0xe9 is printed. The port reads
// back its own number, which tells it from an absent one (0xff): Bochs, "port_e9_hack"; QEMU,
// hw/char/debugcon.c.
#include "arch/x86_64/debugcon.h"

#include "arch/x86_64/io.h"

#define DEBUGCON_PORT UINT16_C(0xe9)
#define DEBUGCON_ANSWER UINT8_C(0xe9)

bool debugcon_present(void)
{
    return inb(DEBUGCON_PORT) == DEBUGCON_ANSWER;
}

void debugcon_write(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++)
        outb(DEBUGCON_PORT, (uint8_t)text[i]);
}
