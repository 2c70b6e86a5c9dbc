// SPDX-License-Identifier: MIT
// files: the boot loader's input: command line, kernel file, modules, and where they have to be
// signed the manifest, which each is checked against before it is used. A file comes from QEMU's
// fw_cfg if it is offered there, which makes a disk unnecessary, else from the volume that the
// loader was started from.
#ifndef BOOT_LOADER_FILES_H
#define BOOT_LOADER_FILES_H

#include "boot/loader/loader.h"

// Reads the manifest and its signature and verifies it, in a loader that was built with a
// certificate; in another one does nothing.
// Stops iff one is missing, too large, or cannot be read, or manifest_verify() does.
enum loader_result files_read_manifest(struct loader *loader);

// Takes the command line from the UEFI load options, or if they have none from the file
// cmdline.txt; without either it is empty. Reads the loader's options from it.
// Stops iff it is longer than HANDOFF_COMMAND_LINE_MAX, it is not the one that was signed, an
// option is rejected, or the file exists and cannot be read. Load options that are not text are
// reported and ignored.
enum loader_result files_read_command_line(struct loader *loader);

// Reads kernel.elf and checks it, all of it.
// Stops iff it is missing, larger than 64 MiB, cannot be read, is not the one that was signed, or
// has a defect (elf.h).
enum loader_result files_read_kernel(struct loader *loader);

// Reads the modules that the options name, each into whole pages whose rest is zero. After
// files_read_command_line().
// Stops iff one is missing, larger than 4 GiB, cannot be read, or is not the one that was signed.
enum loader_result files_read_modules(struct loader *loader);

// Frees all files that were read. At any time while boot services are intact.
void files_free(struct loader *loader);

#endif
