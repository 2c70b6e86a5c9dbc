// SPDX-License-Identifier: MIT
// Copies the code of trampoline_code.S and fills in its addresses.
#include "arch/x86_64/trampoline.h"

#include "arch/x86_64/string.h"

extern const unsigned char trampoline_code[], trampoline_gdt[], trampoline_gdt_register[],
    trampoline_long_mode[], trampoline_far_pointer[], trampoline_root[], trampoline_stack[],
    trampoline_entry[], trampoline_argument[], trampoline_open[], trampoline_code_end[];

static size_t offset_of(const unsigned char *label)
{
    return (uintptr_t)label - (uintptr_t)trampoline_code;
}

static void fill(void *writable, size_t offset, uint64_t value, size_t size)
{
    memcpy((unsigned char *)writable + offset, &value, size);
}

void trampoline_build(void *writable, physical_t page, physical_t root)
{
    memcpy(writable, trampoline_code, offset_of(trampoline_code_end));
    // The limit stands in the two bytes before the base.
    fill(writable, offset_of(trampoline_gdt_register) + 2, page.value + offset_of(trampoline_gdt),
         4);
    fill(writable, offset_of(trampoline_far_pointer), page.value + offset_of(trampoline_long_mode),
         4);
    fill(writable, offset_of(trampoline_root), root.value, 8);
}

void trampoline_aim(void *writable, void (*entry)(void *argument), void *argument,
                    uintptr_t stack_top)
{
    fill(writable, offset_of(trampoline_entry), (uintptr_t)entry, 8);
    fill(writable, offset_of(trampoline_argument), (uintptr_t)argument, 8);
    fill(writable, offset_of(trampoline_stack), stack_top, 8);
    __atomic_store_n((uint32_t *)((unsigned char *)writable + offset_of(trampoline_open)), 1,
                     __ATOMIC_RELEASE);
}
