// SPDX-License-Identifier: MIT
// Ends a PC in QEMU through isa-debug-exit, with the values that the harness knows.
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define PORT 0xf4
#define COMPLETE 0x10
#define TESTS_FAILED 0x13

_Noreturn void leave(bool passed)
{
    uint8_t value = passed ? COMPLETE : TESTS_FAILED;

    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"((uint16_t)PORT));
    for (;;)
        __asm__ volatile("hlt");
}
