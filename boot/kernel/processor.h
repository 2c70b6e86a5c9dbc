// SPDX-License-Identifier: MIT
// processor: the per-CPU area, what each processor has of its own: descriptor tables and interrupt
// stacks. The bootstrap processor (BSP) and the application processors (APs) get the same.
#ifndef BOOT_KERNEL_PROCESSOR_H
#define BOOT_KERNEL_PROCESSOR_H

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/traps.h"
#include "kmem/allocator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSOR_GUARD_SIZE PAGE_SIZE
// An interrupt stack must hold the report of a trap; a first stack whatever else a processor does.
#define PROCESSOR_INTERRUPT_STACK_SIZE PAGE_SIZE
#define PROCESSOR_FIRST_STACK_SIZE (2 * PAGE_SIZE)

// A stack and the guard page under it, as reports of traps name them.
struct processor_stack {
    struct traps_place stack, guard;
};

// Takes guard and stack as one block, whole pages. Nothing is unmapped yet. False iff the
// allocation failed.
bool processor_take_stack(struct processor_stack *stack, uint64_t size, const char *stack_name,
                          const char *guard_name, uint32_t apic_id, const struct allocator *heap);

// Descriptor tables and interrupt stacks of one processor; a block of whole pages, so that the
// padding of blocks taken by several processors at once does not depend on who came first.
struct processor_area {
    struct descriptors descriptors;
    struct processor_stack stacks[DESCRIPTORS_IST_COUNT];
    uintptr_t stack_tops[DESCRIPTORS_IST_COUNT];
};

// Takes area and stacks from the heap. NULL iff an allocation failed.
struct processor_area *processor_take_area(uint32_t apic_id, const struct allocator *heap);

// Bytes that processor_take_area() asks a heap for.
size_t processor_area_request(void);

// Makes the processor that runs this use the area, and the gates on its interrupt stacks.
// Interrupts off.
void processor_use_area(struct processor_area *area, const struct traps_gate gates[TRAPS_VECTORS]);

// Unmaps the guards of an area, or of one stack, and makes reports of traps name them. The
// guards' frames stay the heap's, unused. Fails as paging_unmap() does. Other processors have to
// paging_flush_tlb().
enum paging_status processor_guard_area(struct processor_area *area, struct paging *paging);
enum paging_status processor_guard_stack(struct processor_stack *stack, struct paging *paging);

#endif
