// SPDX-License-Identifier: MIT
// The polled UART of Arm's Cortex-M system design kit, as on its MPS2 boards.
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define BASE 0x40004000
#define DATA (0x000 / 4)
#define STATE (0x004 / 4)
#define TRANSMIT_FULL 1
#define CONTROL (0x008 / 4)
#define TRANSMIT_ENABLE 1
#define RATE_DIVISOR (0x010 / 4)
#define LEAST_DIVISOR 16

static volatile uint32_t *const registers = (volatile uint32_t *)BASE;

void console_open(void)
{
    registers[RATE_DIVISOR] = LEAST_DIVISOR;
    registers[CONTROL] = TRANSMIT_ENABLE;
}

static void write_cmsdk(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((registers[STATE] & TRANSMIT_FULL) != 0)
            ;
        registers[DATA] = (uint8_t)text[i];
    }
}

const struct writer console = {write_cmsdk, NULL};
