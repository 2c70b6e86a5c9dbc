// SPDX-License-Identifier: MIT
// The two bounds of device_wait.h.
#include "arch/x86_64/device_wait.h"

bool device_wait_is_over(struct device_wait *wait)
{
    const struct device_io *io = wait->io;

    if (++wait->looks < DEVICE_WAIT_LOOKS)
        return false;
    if (!io->ticks)
        return true;
    if (wait->looks == DEVICE_WAIT_LOOKS)
        wait->start = io->ticks(io->context);
    return io->ticks(io->context) - wait->start >= DEVICE_WAIT_TICKS ||
           wait->looks >= DEVICE_WAIT_LOOKS_MAX;
}
