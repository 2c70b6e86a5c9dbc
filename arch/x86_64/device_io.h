// SPDX-License-Identifier: MIT
// device_io: how a driver reaches the registers of its device: at I/O ports, or in memory (MMIO),
// which its caller has mapped uncached. A driver is given one of these and uses no other way, so
// that a test can give it stub registers.
#ifndef ARCH_X86_64_DEVICE_IO_H
#define ARCH_X86_64_DEVICE_IO_H

#include <stddef.h>
#include <stdint.h>

// One access of `width` bytes, 1, 2 or 4. `address` is the number of a port or a virtual address.
struct device_io {
    uint32_t (*read)(void *context, uintptr_t address, unsigned width);
    void (*write)(void *context, uintptr_t address, unsigned width, uint32_t value);
    void *context;
    // The time stamp counter of the machine that has the device; NULL: none that could be read.
    uint64_t (*ticks)(void *context);
};

// The ports of this machine; ring 0. A port that no device decodes reads as all ones and ignores
// writes.
struct device_io device_io_ports(void);

// Memory of this machine.
struct device_io device_io_memory(void);

// A row of registers: number n is at base + n × stride.
struct device_registers {
    struct device_io io;
    uintptr_t base;
    unsigned width;  // bytes of one access
    unsigned stride; // bytes, at least `width`
};

static inline uint32_t device_registers_read(const struct device_registers *registers,
                                             unsigned number)
{
    return registers->io.read(registers->io.context,
                              registers->base + (uintptr_t)number * registers->stride,
                              registers->width);
}

static inline void device_registers_write(const struct device_registers *registers, unsigned number,
                                          uint32_t value)
{
    registers->io.write(registers->io.context,
                        registers->base + (uintptr_t)number * registers->stride, registers->width,
                        value);
}

#endif
