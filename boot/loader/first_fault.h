// SPDX-License-Identifier: MIT
// first_fault: the exception handler that is in force from the end of boot services until the
// kernel has loaded an interrupt descriptor table of its own. A kernel that faults in its first
// instructions, because its stack is missing or its code is wrong, would reset the machine without
// a word (triple fault); instead a report says what faulted, where, and in which segment of the
// kernel's file.
#ifndef BOOT_LOADER_FIRST_FAULT_H
#define BOOT_LOADER_FIRST_FAULT_H

#include "boot/loader/loader.h"

// Loads GDT, TSS and IDT of the loader's own, with interrupts off. Every exception runs on one
// stack of the loader's, so that a fault over a bad stack is reported as itself and not as the
// double fault that it becomes otherwise. All of it lies in the loader's image, which jump_map()
// has mapped in the kernel's page tables. Once boot services have ended.
void first_fault_load(struct loader *loader);

// Writes where a virtual address lies, in the terms of the kernel's file: its segment and the byte
// of the file, the early heap's region, a hole, or nothing of the kernel.
void first_fault_print_place(const struct writer *writer, const struct loader *loader,
                             uint64_t address);

#endif
