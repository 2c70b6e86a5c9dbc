// SPDX-License-Identifier: MIT
// The console of a RISC-V supervisor execution environment, by its legacy call, which firmware of
// every age has (SBI specification, 5.2).
#include "tests/embed/parts/kernel.h"

#define CONSOLE_PUTCHAR 1

void console_open(void)
{
}

static void write_sbi(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        register unsigned long character __asm__("a0") = (unsigned char)text[i];
        register unsigned long extension __asm__("a7") = CONSOLE_PUTCHAR;
        __asm__ volatile("ecall" : "+r"(character) : "r"(extension) : "memory");
    }
}

const struct writer console = {write_sbi, NULL};
