// SPDX-License-Identifier: MIT
// The area of processor.h.
#include "boot/kernel/processor.h"

_Static_assert(sizeof(struct processor_area) <= PAGE_SIZE, "an area has one page");

static const struct {
    const char *stack, *guard;
} names[DESCRIPTORS_IST_COUNT] = {
    [DESCRIPTORS_IST_DOUBLE_FAULT - 1] = {"double fault stack",
                                          "guard page under the double fault stack"},
    [DESCRIPTORS_IST_NMI - 1] = {"NMI stack", "guard page under the NMI stack"},
    [DESCRIPTORS_IST_MACHINE_CHECK - 1] = {"machine check stack",
                                           "guard page under the machine check stack"},
    [DESCRIPTORS_IST_PAGE_FAULT - 1] = {"page fault stack",
                                        "guard page under the page fault stack"},
};

bool processor_take_stack(struct processor_stack *stack, uint64_t size, const char *stack_name,
                          const char *guard_name, uint32_t apic_id, const struct allocator *heap)
{
    void *memory = allocator_alloc(heap, PROCESSOR_GUARD_SIZE + size, PROCESSOR_GUARD_SIZE);

    if (!memory)
        return false;
    uintptr_t bottom = (uintptr_t)memory + PROCESSOR_GUARD_SIZE;
    stack->guard = (struct traps_place){
        .start = (uintptr_t)memory, .end = bottom, .name = guard_name, .processor = apic_id};
    stack->stack = (struct traps_place){.start = bottom,
                                        .end = bottom + size,
                                        .name = stack_name,
                                        .processor = apic_id,
                                        .is_stack = true};
    return true;
}

struct processor_area *processor_take_area(uint32_t apic_id, const struct allocator *heap)
{
    struct processor_area *area = allocator_alloc(heap, PAGE_SIZE, PAGE_SIZE);

    for (size_t i = 0; area && i < DESCRIPTORS_IST_COUNT; i++) {
        if (!processor_take_stack(&area->stacks[i], PROCESSOR_INTERRUPT_STACK_SIZE, names[i].stack,
                                  names[i].guard, apic_id, heap))
            return NULL;
        area->stack_tops[i] = area->stacks[i].stack.end;
    }
    return area;
}

size_t processor_area_request(void)
{
    return PAGE_SIZE +
           DESCRIPTORS_IST_COUNT * (PROCESSOR_GUARD_SIZE + PROCESSOR_INTERRUPT_STACK_SIZE);
}

void processor_use_area(struct processor_area *area, const struct traps_gate gates[TRAPS_VECTORS])
{
    descriptors_load(&area->descriptors, area->stack_tops);
    traps_load(gates);
}

enum paging_status processor_guard_stack(struct processor_stack *stack, struct paging *paging)
{
    traps_add_place(&stack->stack);
    traps_add_place(&stack->guard);
    return paging_unmap(paging, stack->guard.start, PROCESSOR_GUARD_SIZE);
}

enum paging_status processor_guard_area(struct processor_area *area, struct paging *paging)
{
    enum paging_status status = PAGING_OK;

    for (size_t i = 0; i < DESCRIPTORS_IST_COUNT && status == PAGING_OK; i++)
        status = processor_guard_stack(&area->stacks[i], paging);
    return status;
}
