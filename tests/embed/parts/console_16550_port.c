// SPDX-License-Identifier: MIT
// A polled 16550 by ports: COM1 of a PC, at 115200 baud.
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define COM1 0x3f8
#define INTERRUPT_ENABLE 1 // with DIVISOR_LATCH: the divisor's upper byte
#define FIFO_CONTROL 2
#define LINE_CONTROL 3
#define DIVISOR_LATCH 0x80
#define EIGHT_BITS 3
#define LINE_STATUS 5
#define TRANSMITTER_EMPTY 0x20

static void out(uint16_t offset, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"((uint16_t)(COM1 + offset)));
}

static uint8_t in(uint16_t offset)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)(COM1 + offset)));
    return value;
}

void console_open(void)
{
    out(LINE_CONTROL, DIVISOR_LATCH);
    out(0, 1);
    out(INTERRUPT_ENABLE, 0);
    out(LINE_CONTROL, EIGHT_BITS);
    out(INTERRUPT_ENABLE, 0);
    out(FIFO_CONTROL, 1);
}

static void write_16550(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((in(LINE_STATUS)&TRANSMITTER_EMPTY) == 0)
            ;
        out(0, (uint8_t)text[i]);
    }
}

const struct writer console = {write_16550, NULL};
