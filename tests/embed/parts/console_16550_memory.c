// SPDX-License-Identifier: MIT
// A polled 16550 whose registers are bytes in memory, as on QEMU's riscv64 `virt`. Other boards
// have them two or four bytes apart.
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define BASE 0x10000000
#define INTERRUPT_ENABLE 1
#define LINE_CONTROL 3
#define EIGHT_BITS 3
#define LINE_STATUS 5
#define TRANSMITTER_EMPTY 0x20

static volatile uint8_t *const registers = (volatile uint8_t *)BASE;

// The rate stays what firmware or reset made it.
void console_open(void)
{
    registers[INTERRUPT_ENABLE] = 0;
    registers[LINE_CONTROL] = EIGHT_BITS;
}

static void write_16550(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((registers[LINE_STATUS] & TRANSMITTER_EMPTY) == 0)
            ;
        registers[0] = (uint8_t)text[i];
    }
}

const struct writer console = {write_16550, NULL};
