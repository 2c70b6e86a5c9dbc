// SPDX-License-Identifier: MIT
// What the parts of the kernels under tests/embed/ give each other. main.c is the same in all of
// them; each adds the way in (start.S), one console_*.c, one memory_*.c and one leave_*.c.
#ifndef TESTS_EMBED_PARTS_KERNEL_H
#define TESTS_EMBED_PARTS_KERNEL_H

#include "kmem/region.h"
#include "kmem/writer.h"

#include <stdbool.h>

#define PAGE 4096

// Called by start.S with a stack, .bss cleared and interrupts off, and with what the boot loader or
// the firmware left.
_Noreturn void kernel_main(const void *boot_information);

// Called by start.S at an exception, of which none is expected: the processor's number of it, the
// instruction, and the address that was not to be had, if the exception is about one.
_Noreturn void trapped(uintptr_t exception, uintptr_t instruction, uintptr_t address);

// console_*.c: makes the device ready; `console` polls it, and needs neither interrupt nor memory.
void console_open(void);
extern const struct writer console;

// memory_*.c: adds what the boot loader or firmware says of the machine's memory, and what the
// kernel has of it. False: there is no map, or it contradicts itself.
bool memory_add(struct region_map *map, const void *boot_information);

// uefi.c, claim_nothing.c: tells a firmware that is still there of memory that the kernel takes.
// False: it disagrees.
bool memory_claim(uint64_t start, uint64_t size);

// Where the memory ends that start_x86_64.S maps.
#define X86_64_MAPPED (UINT64_C(1) << 30)

// The kernel's image, by the linker script.
extern unsigned char image_start[], image_end[];

// leave_*.c: ends the machine.
_Noreturn void leave(bool passed);

#endif
