// SPDX-License-Identifier: MIT
// A polled PL011, as on QEMU's aarch64 `virt` and many Arm boards.
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define BASE 0x09000000
#define DATA (0x000 / 4)
#define FLAGS (0x018 / 4)
#define FIFO_FULL 0x20
#define CONTROL (0x030 / 4)
#define ENABLE 0x101 // the UART, and its transmitter

static volatile uint32_t *const registers = (volatile uint32_t *)BASE;

// The rate stays what firmware or reset made it.
void console_open(void)
{
    registers[CONTROL] = ENABLE;
}

static void write_pl011(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((registers[FLAGS] & FIFO_FULL) != 0)
            ;
        registers[DATA] = (uint8_t)text[i];
    }
}

const struct writer console = {write_pl011, NULL};
