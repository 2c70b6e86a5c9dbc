// SPDX-License-Identifier: MIT
// wrapped_loader: what a UEFI application begins with that takes the loader's place on a volume, to
// change the firmware before it starts the loader: firmware_quirk.c, and the bench's
// fake_memory_map.c.
#ifndef TESTS_QUIRKS_WRAPPED_LOADER_H
#define TESTS_QUIRKS_WRAPPED_LOADER_H

#include <efi.h>

struct wrapped_loader {
    EFI_HANDLE handle;       // what to start
    EFI_LOADED_IMAGE *image; // what the firmware knows of it; its volume is the application's own
    const char *words;       // the text that says what to change
    UINTN size;              // of the text
};

// Loads \loader.efi of the volume that the application `self` was started from, and the text in the
// file `name` there. Fails iff one of them is not there or cannot be read or loaded.
EFI_STATUS wrapped_loader_open(struct wrapped_loader *loader, EFI_HANDLE self,
                               EFI_SYSTEM_TABLE *system, CHAR16 *name);

#endif
