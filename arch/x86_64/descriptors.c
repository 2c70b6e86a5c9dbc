// SPDX-License-Identifier: MIT
// The GDT and the TSS of one processor.
#include "arch/x86_64/descriptors.h"

#include "arch/x86_64/cpu.h"

#include <stddef.h>

_Static_assert(sizeof(struct descriptors_tss) == 104, "SDM 3A 7.7: 104 bytes");
_Static_assert(offsetof(struct descriptors_tss, ist) == 36, "SDM 3A figure 7-11: IST1 at 36");
_Static_assert(offsetof(struct descriptors, gdt) == 0, "selectors are offsets into the GDT");

// Segment descriptors, SDM 3A 3.4.5 and 5.2.1. In 64-bit mode base and limit count for nothing
// in code and data; the accessed bit is set so that the processor need not write it.
#define SEGMENT_ACCESSED (UINT64_C(1) << 40)
#define SEGMENT_WRITABLE (UINT64_C(1) << 41) // data
#define SEGMENT_READABLE (UINT64_C(1) << 41) // code
#define SEGMENT_CODE (UINT64_C(1) << 43)
#define SEGMENT_NOT_SYSTEM (UINT64_C(1) << 44)
#define SEGMENT_PRESENT (UINT64_C(1) << 47)
#define SEGMENT_LONG (UINT64_C(1) << 53)
#define SEGMENT_TSS_AVAILABLE (UINT64_C(9) << 40) // SDM 3A table 3-2

#define KERNEL_CODE                                                                                \
    (SEGMENT_ACCESSED | SEGMENT_READABLE | SEGMENT_CODE | SEGMENT_NOT_SYSTEM | SEGMENT_PRESENT |   \
     SEGMENT_LONG)
#define KERNEL_DATA (SEGMENT_ACCESSED | SEGMENT_WRITABLE | SEGMENT_NOT_SYSTEM | SEGMENT_PRESENT)

void descriptors_build(struct descriptors *tables, const uintptr_t *ist_top)
{
    uint64_t tss = (uintptr_t)&tables->tss;
    uint64_t limit = sizeof tables->tss - 1;

    // beyond the limit: no I/O permission map
    *tables = (struct descriptors){.tss = {.io_map_base = sizeof tables->tss}};
    tables->gdt[DESCRIPTORS_KERNEL_CODE / 8] = KERNEL_CODE;
    tables->gdt[DESCRIPTORS_KERNEL_DATA / 8] = KERNEL_DATA;
    // SDM 3A 7.2.3, figure 7-4: the base lies in pieces: 24 bits, 8 bits, and the second half.
    tables->gdt[DESCRIPTORS_TSS / 8] = limit | (tss & 0xffffff) << 16 | SEGMENT_TSS_AVAILABLE |
                                       SEGMENT_PRESENT | (tss >> 24 & 0xff) << 56;
    tables->gdt[DESCRIPTORS_TSS / 8 + 1] = tss >> 32;
    for (int i = 0; ist_top && i < DESCRIPTORS_IST_COUNT; i++)
        tables->tss.ist[i] = ist_top[i];
}

void descriptors_load(struct descriptors *tables, const uintptr_t *ist_top)
{
    descriptors_build(tables, ist_top);

    struct cpu_table_register gdtr = {
        .limit = sizeof tables->gdt - 1,
        .base = (uintptr_t)tables->gdt,
    };
    uint64_t scratch;
    // CS is loaded by a far return, the others by moves. MOV to SS with a data selector is valid
    // in ring 0; null FS and GS are, too.
    __asm__ volatile("lgdt %[gdtr]\n\t"
                     "pushq %[code]\n\t"
                     "leaq 1f(%%rip), %[scratch]\n\t"
                     "pushq %[scratch]\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %[data], %%ds\n\t"
                     "movl %[data], %%es\n\t"
                     "movl %[data], %%ss\n\t"
                     "movl %[null], %%fs\n\t"
                     "movl %[null], %%gs\n\t"
                     "ltr %w[tss]"
                     : [scratch] "=&r"(scratch)
                     : [gdtr] "m"(gdtr), [code] "i"(DESCRIPTORS_KERNEL_CODE),
                       [data] "r"((uint32_t)DESCRIPTORS_KERNEL_DATA), [null] "r"(0),
                       [tss] "r"((uint32_t)DESCRIPTORS_TSS)
                     : "memory");
}
