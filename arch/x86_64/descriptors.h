// SPDX-License-Identifier: MIT
// descriptors: one processor's global descriptor table (GDT), with the segments that 64-bit mode
// still needs, and its task state segment (TSS), with the stacks that interrupts switch to (IST).
#ifndef ARCH_X86_64_DESCRIPTORS_H
#define ARCH_X86_64_DESCRIPTORS_H

#include <stdint.h>

// Segment selectors: offsets into the GDT.
#define DESCRIPTORS_KERNEL_CODE UINT16_C(0x08)
#define DESCRIPTORS_KERNEL_DATA UINT16_C(0x10)
#define DESCRIPTORS_TSS UINT16_C(0x18) // sixteen bytes: two entries

// The interrupt stacks, numbered as a gate names them; a gate with NONE stays on its stack.
// A page fault has one because it may be the overflow of the stack that it happened on.
enum descriptors_ist {
    DESCRIPTORS_IST_NONE = 0,
    DESCRIPTORS_IST_DOUBLE_FAULT = 1,
    DESCRIPTORS_IST_NMI = 2,
    DESCRIPTORS_IST_MACHINE_CHECK = 3,
    DESCRIPTORS_IST_PAGE_FAULT = 4,
    DESCRIPTORS_IST_COUNT = 4,
};

// The 64-bit task state segment: SDM 3A 7.7, figure 7-11.
struct descriptors_tss {
    uint32_t reserved0;
    uint64_t rsp[3]; // stack for a trap out of an outer ring into ring 0, 1, 2; unused
    uint64_t reserved1;
    uint64_t ist[7]; // ist[n - 1] is interrupt stack n
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_base;
} __attribute__((packed));

// Memory for one processor's tables: static before there is a heap, from the heap afterwards.
// Writable (the processor marks the TSS busy), at one address as long as they are loaded.
struct descriptors {
    uint64_t gdt[5]; // null, kernel code, kernel data, TSS (two)
    struct descriptors_tss tss;
};

// Fills `tables`, touching nothing else. `ist_top[n - 1]` is the first byte above interrupt stack
// n, a multiple of 16; NULL while there are none, and then no gate may name one.
void descriptors_build(struct descriptors *tables, const uintptr_t *ist_top);

// Builds `tables` and makes this processor use them: GDT, all segment registers, task register.
// FS and GS become null, which zeroes their bases. With interrupts off. May be called again, with
// the same or other memory.
void descriptors_load(struct descriptors *tables, const uintptr_t *ist_top);

#endif
