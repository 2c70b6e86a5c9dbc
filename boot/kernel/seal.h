// SPDX-License-Identifier: MIT
// seal: the end of the early heap. Its used part stays for good; its free part and all other usable
// memory go to the page frame allocator.
#ifndef BOOT_KERNEL_SEAL_H
#define BOOT_KERNEL_SEAL_H

#include "boot/kernel/kernel.h"

#include <stdbool.h>

// Seals the early heap, unmaps its free part on every processor (TLB shootdown), and gives that and
// all usable memory to kernel->page_frames, from which page tables come then, and what the heap's
// allocator serves. Tries one allocation of it, and one of the sealed fba, which must fail.
// False iff any of it fails; the reason has been printed. After the boot steps, once.
bool kernel_seal(struct kernel *kernel);

#endif
