// SPDX-License-Identifier: MIT
// hosted: the surroundings in which a UEFI application can call a library of a distribution, which
// was compiled for programs of an operating system. Such a library keeps data below its stack
// pointer (the red zone: System V ABI, AMD64, 3.2.2), where an interrupt of the firmware would
// write; it reads the canary of its stack protector at FS:0x28; and it calls the C library's checks
// of sizes.
#ifndef BOOT_LOADER_SIGNED_HOSTED_H
#define BOOT_LOADER_SIGNED_HOSTED_H

#include "boot/loader/firmware.h"

// What hosted_begin() found.
struct hosted {
    EFI_TPL level;
    uint64_t fs_base;
};

// Until hosted_end() interrupts are off and no service of the firmware may be called.
struct hosted hosted_begin(struct firmware *firmware);
void hosted_end(struct firmware *firmware, struct hosted before);

#endif
