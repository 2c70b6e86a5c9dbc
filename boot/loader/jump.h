// SPDX-License-Identifier: MIT
// jump: the loader's last instructions, which switch to the kernel's page tables and enter it. They
// must be mapped at their own address in those tables too, in the lower half, and so must all that
// reports a fault of the kernel's first instructions: the kernel drops that mapping.
#ifndef BOOT_LOADER_JUMP_H
#define BOOT_LOADER_JUMP_H

#include "boot/loader/loader.h"

#include <stdint.h>

// Maps the loader's image, `late_screen`, which it sets (a framebuffer in memory is left out), and
// the registers of `named_port`, at their own addresses, with tables outside the early heap, as
// nothing of them outlives the jump. After kernel_mapping_build(). A screen or a port that cannot
// be mapped, or a port in memory, becomes none. Stops iff there is no memory for the tables, or the
// image cannot be mapped.
enum loader_result jump_map(struct loader *loader);

// enter.S: loads CR3 with `root`, the physical address of the kernel's top page table, and jumps to
// `entry` with `handoff`, the virtual address of struct handoff, in RDI. Does not return. Once boot
// services have ended. The host's tests have a stub of it.
void enter_kernel(uint64_t root, uint64_t entry, uint64_t handoff);

#endif
