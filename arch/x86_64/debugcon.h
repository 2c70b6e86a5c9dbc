// SPDX-License-Identifier: MIT
// debugcon: the debug console of Bochs and QEMU (isa-debugcon), an I/O port whose bytes the
// emulator writes to a file. The kernel copies its console there, because the firmware writes
// nothing to it.
#ifndef ARCH_X86_64_DEBUGCON_H
#define ARCH_X86_64_DEBUGCON_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stddef.h>

struct debugcon {
    struct device_io ports;
};

// Whether the device answers. A real machine has none.
bool debugcon_open(struct debugcon *debugcon, struct device_io ports);

// Writes the bytes as they are, without waiting. `context` is the struct debugcon; the signature is
// that of struct writer. Only for one that answers: another machine may have any device at that
// port.
void debugcon_write(void *context, const char *text, size_t length);

#endif
