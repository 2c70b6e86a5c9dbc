// SPDX-License-Identifier: MIT
// run: the UEFI boot loader from its first message to the end of boot services, step by step.
#ifndef BOOT_LOADER_RUN_H
#define BOOT_LOADER_RUN_H

#include "boot/loader/loader.h"

// Reads the kernel and its modules, loads it, builds its page tables and boot info, and ends boot
// services. Returns
//   LOADER_DONE         boot services have ended and the handoff is complete: jump to the kernel;
//   LOADER_STOPPED      the console has said why; all memory has gone back to the firmware;
//   LOADER_EXIT_FAILED  boot services may be partly shut down; nothing has been said or freed.
// Once, on a processor in the state that UEFI starts an application in.
enum loader_result loader_run(struct loader *loader);

#endif
