// SPDX-License-Identifier: MIT
// files: the boot loader's input: command line, kernel file, modules. Each file comes from QEMU's
// fw_cfg if it is offered there, which makes a disk unnecessary, else from the volume that the
// loader was started from.
#ifndef BOOT_LOADER_FILES_H
#define BOOT_LOADER_FILES_H

#include "boot/loader/loader.h"

// Takes the command line from the UEFI load options, or if they have none from the file
// cmdline.txt; without either it is empty. Reads the loader's options from it.
// Stops iff it is longer than HANDOFF_COMMAND_LINE_MAX, an option is rejected, or the file exists
// and cannot be read. Load options that are not text are reported and ignored.
enum loader_result files_read_command_line(struct loader *loader);

// Reads kernel.elf and checks it, all of it.
// Stops iff it is missing, larger than 64 MiB, cannot be read, or has a defect (elf.h).
enum loader_result files_read_kernel(struct loader *loader);

// Reads the modules that the options name, each into whole pages whose rest is zero. After
// files_read_command_line().
// Stops iff one is missing, larger than 4 GiB, or cannot be read.
enum loader_result files_read_modules(struct loader *loader);

// Frees all files that were read. At any time while boot services are intact.
void files_free(struct loader *loader);

#endif
