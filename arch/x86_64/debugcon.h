// SPDX-License-Identifier: MIT
// debugcon: the debug console of Bochs and QEMU (isa-debugcon), an I/O port whose bytes the
// emulator writes to a file. The kernel copies its console there, because the firmware writes
// nothing to it.
#ifndef ARCH_X86_64_DEBUGCON_H
#define ARCH_X86_64_DEBUGCON_H

#include <stdbool.h>
#include <stddef.h>

// Whether the port answers. A real machine has none.
bool debugcon_present(void);

// Writes the bytes as they are, without waiting. `context` is ignored; the signature is that of
// struct writer. Only where debugcon_present: another machine may have anything at that port.
void debugcon_write(void *context, const char *text, size_t length);

#endif
