// SPDX-License-Identifier: MIT
// What the parts of the kernels under tests/embed/ give each other. main.c is the same in all of
// them; each adds the way in (start.S), one console_*.c and one leave_*.c.
#ifndef TESTS_EMBED_PARTS_KERNEL_H
#define TESTS_EMBED_PARTS_KERNEL_H

#include "kmem/writer.h"

#include <stdbool.h>

// Called by start.S with a stack, .bss cleared and interrupts off.
_Noreturn void kernel_main(void);

// console_*.c: makes the device ready; `console` polls it, and needs neither interrupt nor memory.
void console_open(void);
extern const struct writer console;

// leave_*.c: ends the machine.
_Noreturn void leave(bool passed);

#endif
