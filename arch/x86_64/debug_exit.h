// SPDX-License-Identifier: MIT
// debug_exit: QEMU's isa-debug-exit device, which ends the emulator with a status.
#ifndef ARCH_X86_64_DEBUG_EXIT_H
#define ARCH_X86_64_DEBUG_EXIT_H

#include "arch/x86_64/device_io.h"

#include <stdint.h>

// Ends QEMU with status (code << 1) | 1 through the device at `port`. Returns iff no such device
// answers.
void debug_exit(const struct device_io *ports, uint16_t port, uint8_t code);

#endif
