// SPDX-License-Identifier: MIT
// address: physical addresses have a type of their own, so that the compiler rejects one where a
// virtual address is meant. Virtual addresses are pointers, or uintptr_t where they are not
// dereferenced.
#ifndef ARCH_X86_64_ADDRESS_H
#define ARCH_X86_64_ADDRESS_H

#include <stdint.h>

// The address of a byte on the memory bus, as page tables, ACPI and the firmware's memory map
// name it. Not a pointer: the direct map makes it one.
typedef struct {
    uint64_t value;
} physical_t;

static inline physical_t physical(uint64_t value)
{
    return (physical_t){value};
}

// The address `bytes` further on. The sum must fit.
static inline physical_t physical_add(physical_t address, uint64_t bytes)
{
    return (physical_t){address.value + bytes};
}

#endif
