// SPDX-License-Identifier: MIT
// One write to the device of debug_exit.h (QEMU, hw/misc/debugexit.c), and a wait.
#include "arch/x86_64/debug_exit.h"

// QEMU ends a little later than the write; a read of a port takes about a microsecond.
#define WAIT_READS 1000000

void debug_exit(const struct device_io *ports, uint16_t port, uint8_t code)
{
    ports->write(ports->context, port, 1, code);
    for (int i = 0; i < WAIT_READS; i++)
        (void)ports->read(ports->context, port, 1);
}
