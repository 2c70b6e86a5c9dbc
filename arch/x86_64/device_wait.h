// SPDX-License-Identifier: MIT
// device_wait: a bounded wait for a device before the rate of any clock is known: at least about a
// second on every machine, and never without end. Used for UARTs, whose FIFO takes 1.4 ms at 115200
// baud and half a second at 300, and whose line may be held up by what is at its other end.
#ifndef ARCH_X86_64_DEVICE_WAIT_H
#define ARCH_X86_64_DEVICE_WAIT_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>

// A look reads a register, which takes about a microsecond on a real bus, and much less where the
// bus is an emulator's: so only the clock that counts from there on tells how long it has been.
#define DEVICE_WAIT_LOOKS UINT32_C(1000000)
// Of the TSC, whose rate is not known yet: 1.7 seconds at 5 GHz, 8.6 at 1 GHz.
#define DEVICE_WAIT_TICKS (UINT64_C(1) << 33)
// With a clock that stands.
#define DEVICE_WAIT_LOOKS_MAX (16 * DEVICE_WAIT_LOOKS)

struct device_wait {
    const struct device_io *io;
    uint32_t looks; // so far
    uint64_t start; // of the clock, when looks were DEVICE_WAIT_LOOKS
};

// Begins to wait for a device that is reached through `io`.
static inline struct device_wait device_wait_begin(const struct device_io *io)
{
    return (struct device_wait){.io = io};
}

// Called after each look at the device: whether to give up. The clock is not read before
// DEVICE_WAIT_LOOKS, so that a device which is ready soon costs nothing.
bool device_wait_is_over(struct device_wait *wait);

#endif
