// SPDX-License-Identifier: MIT
// Ends an Arm machine through semihosting (Arm, Semihosting for AArch32 and AArch64, SYS_EXIT and
// SYS_EXIT_EXTENDED).
#include "tests/embed/parts/kernel.h"

#include <stdint.h>

#define EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

#ifdef __aarch64__
#define OPERATION "w0"
#define PARAMETER "x1"
#define CALL "hlt #0xf000"
#else // Thumb, of the M profile
#define OPERATION "r0"
#define PARAMETER "r1"
#define CALL "bkpt #0xab"
#endif

_Noreturn void leave(bool passed)
{
    uintptr_t block[] = {APPLICATION_EXIT, passed ? 0 : 1};
    register uint32_t operation __asm__(OPERATION) = EXIT_EXTENDED;
    register uintptr_t *parameter __asm__(PARAMETER) = block;

    __asm__ volatile(CALL : "+r"(operation) : "r"(parameter) : "memory");
    for (;;)
        __asm__ volatile("wfi");
}
