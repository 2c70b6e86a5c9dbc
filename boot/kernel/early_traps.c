// SPDX-License-Identifier: MIT
// The tables and places of early_traps.h.
#include "boot/kernel/early_traps.h"

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/page.h"

#define EARLY_STACK_SIZE 8192

extern unsigned char boot_stack_bottom[], boot_stack_top[]; // linker.ld

static struct descriptors descriptors;
static struct traps_gate gates[TRAPS_VECTORS];
static struct traps_place places[4];
static _Alignas(16) unsigned char stack[EARLY_STACK_SIZE];

void early_traps_load(void)
{
    const uintptr_t top = (uintptr_t)(stack + EARLY_STACK_SIZE);
    const uintptr_t tops[DESCRIPTORS_IST_COUNT] = {top, top, top, top};

    descriptors_load(&descriptors, tops);
    traps_build(gates, TRAPS_ON_INTERRUPT_STACKS);
    traps_load(gates);
}

const struct traps_gate *early_traps_gates_of_others(void)
{
    traps_build(gates, TRAPS_ON_CURRENT_STACK);
    return gates;
}

void early_traps_add_places(const struct handoff *handoff)
{
    uintptr_t bottom = (uintptr_t)boot_stack_bottom;
    uintptr_t top = (uintptr_t)boot_stack_top;
    uintptr_t region = handoff->region_virtual;
    uintptr_t region_end = region + handoff->heap.size;
    const struct traps_place named[] = {
        {.start = bottom, .end = top, .name = "boot stack", .is_stack = true},
        {.start = bottom - PAGE_SIZE, .end = bottom, .name = "guard page under the boot stack"},
        {.start = region - PAGE_SIZE,
         .end = region,
         .name = "guard page before the early heap's region"},
        {.start = region_end,
         .end = region_end + PAGE_SIZE,
         .name = "guard page behind the early heap's region"},
    };

    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        places[i] = named[i];
        places[i].processor = TRAPS_NO_PROCESSOR;
        traps_add_place(&places[i]);
    }
}
