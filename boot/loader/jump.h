// SPDX-License-Identifier: MIT
// jump: the loader's last instructions, which switch to the kernel's page tables and enter it. The
// page that they lie in must be mapped at its own address in those tables too, in the lower half;
// the kernel drops that mapping.
#ifndef BOOT_LOADER_JUMP_H
#define BOOT_LOADER_JUMP_H

#include "boot/loader/loader.h"

#include <stdint.h>

// Maps the page of enter_kernel() at its own address, with tables outside the early heap, as
// nothing of them outlives the jump. After kernel_mapping_build().
// Stops iff there is no memory for the tables, or the page cannot be mapped.
enum loader_result jump_map(struct loader *loader);

// enter.S: loads CR3 with `root`, the physical address of the kernel's top page table, and jumps to
// `entry` with `handoff`, the virtual address of struct handoff, in RDI. Does not return. Once boot
// services have ended. The host's tests have a stub of it.
void enter_kernel(uint64_t root, uint64_t entry, uint64_t handoff);

#endif
