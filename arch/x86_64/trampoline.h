// SPDX-License-Identifier: MIT
// trampoline: the page below 1 MiB in which an application processor (AP) begins, in real mode (SDM
// 3A 9.4.4), and which takes it to the kernel in long mode. The page, and the tables that map it at
// its own address, are needed only until the AP has reached the kernel.
#ifndef ARCH_X86_64_TRAMPOLINE_H
#define ARCH_X86_64_TRAMPOLINE_H

#include "arch/x86_64/address.h"
#include "arch/x86_64/page.h"

#include <stdint.h>

#define TRAMPOLINE_SIZE PAGE_SIZE
#define TRAMPOLINE_END UINT64_C(0x100000) // it must lie below this, and its tables below 4 GiB

// Fills the page at physical address `page`, which is written at `writable`. `root` is the top
// table of an address space that has the kernel in its upper half and the page, executable, at
// its own address. A processor that begins there waits until one is let in.
void trampoline_build(void *writable, physical_t page, physical_t root);

// Lets the next processor in, and only that: it takes `stack_top` as its stack, a multiple of 16,
// and calls entry(argument), which must not return. Interrupts are off, the descriptor tables are
// the trampoline's. Once the one before is there.
void trampoline_aim(void *writable, void (*entry)(void *argument), void *argument,
                    uintptr_t stack_top);

#endif
