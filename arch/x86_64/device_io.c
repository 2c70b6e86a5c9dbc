// SPDX-License-Identifier: MIT
// The two ways of device_io.h that an x86_64 machine has.
#include "arch/x86_64/device_io.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"

static uint32_t read_port(void *context, uintptr_t address, unsigned width)
{
    uint16_t port = (uint16_t)address;

    (void)context;
    return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

static void write_port(void *context, uintptr_t address, unsigned width, uint32_t value)
{
    uint16_t port = (uint16_t)address;

    (void)context;
    if (width == 1)
        outb(port, (uint8_t)value);
    else if (width == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
}

static uint32_t read_memory(void *context, uintptr_t address, unsigned width)
{
    (void)context;
    return width == 1   ? *(const volatile uint8_t *)address
           : width == 2 ? *(const volatile uint16_t *)address
                        : *(const volatile uint32_t *)address;
}

static void write_memory(void *context, uintptr_t address, unsigned width, uint32_t value)
{
    (void)context;
    if (width == 1)
        *(volatile uint8_t *)address = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)address = (uint16_t)value;
    else
        *(volatile uint32_t *)address = value;
}

static uint64_t read_tsc(void *context)
{
    (void)context;
    return cpu_rdtsc();
}

struct device_io device_io_ports(void)
{
    return (struct device_io){read_port, write_port, NULL, read_tsc};
}

struct device_io device_io_memory(void)
{
    return (struct device_io){read_memory, write_memory, NULL, read_tsc};
}
