// SPDX-License-Identifier: MIT
// Takes whole pages from the early heap, before the smaller blocks of later steps, so that those
// cost no padding.
#include "boot/kernel/steps/interrupts.h"

#include "boot/kernel/budget.h"

BUDGET("interrupts", 10 * PAGE_SIZE, 0, 0);

static struct processor_area *area;
static struct traps_gate *gates;

enum step_result step_interrupts(struct kernel *kernel)
{
    const struct allocator *heap = &kernel->heap.allocator;
    enum paging_status status = PAGING_OK;

    area = processor_take_area(TRAPS_NO_PROCESSOR, heap);
    gates = allocator_alloc(heap, TRAPS_VECTORS * sizeof(struct traps_gate), PAGE_SIZE);
    if (!area || !gates)
        return STEP_NO_MEMORY;
    traps_build(gates, TRAPS_ON_INTERRUPT_STACKS);
    processor_use_area(area, gates);
    // A substitute region is mapped in large pages: its guard pages cannot be unmapped.
    if (!kernel->heap.memory.is_substitute)
        status = processor_guard_area(area, &kernel->paging);
    writer_print(status == PAGING_OK ? console_at(&kernel->console, CONSOLE_INFO)
                                     : &kernel->console.writer,
                 "kernel: interrupts: %u gates, %u stacks of %u bytes%s\n", TRAPS_VECTORS,
                 DESCRIPTORS_IST_COUNT, (unsigned)PROCESSOR_INTERRUPT_STACK_SIZE,
                 status == PAGING_OK ? "" : ", unguarded: their guard pages stay mapped");
    return STEP_DONE;
}

struct processor_area *step_interrupts_area(void)
{
    return area;
}

struct traps_gate *step_interrupts_gates(void)
{
    return gates;
}
