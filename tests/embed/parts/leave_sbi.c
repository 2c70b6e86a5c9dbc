// SPDX-License-Identifier: MIT
// Ends a RISC-V machine by its firmware (SBI specification, System Reset Extension).
#include "tests/embed/parts/kernel.h"

#define SYSTEM_RESET 0x53525354ul
#define SHUTDOWN 0
#define NO_REASON 0
#define SYSTEM_FAILURE 1

_Noreturn void leave(bool passed)
{
    register unsigned long type __asm__("a0") = SHUTDOWN;
    register unsigned long reason __asm__("a1") = passed ? NO_REASON : SYSTEM_FAILURE;
    register unsigned long function __asm__("a6") = 0;
    register unsigned long extension __asm__("a7") = SYSTEM_RESET;

    __asm__ volatile("ecall" : "+r"(type), "+r"(reason) : "r"(function), "r"(extension) : "memory");
    for (;;)
        __asm__ volatile("wfi");
}
