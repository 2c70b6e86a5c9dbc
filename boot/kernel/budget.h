// SPDX-License-Identifier: MIT
// budget: what a part of the boot takes from the early heap at most, declared in the part's own
// file. The linker adds the declarations up against the size of the region (boot/kernel/budget.ld)
// when the kernel is built, and a part that takes more is named at the boot.
#ifndef BOOT_KERNEL_BUDGET_H
#define BOOT_KERNEL_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define BUDGET_NAME_MAX 23 // characters, without the NUL

// So many bytes, and so many more for each processor but the first and for each GiB of memory.
// The loader's page tables of the region itself are not declared: they follow from its size.
// boot/budget.py reads this structure from the kernel's file.
struct budget {
    char name[BUDGET_NAME_MAX + 1]; // of the step, or "loader"
    uint64_t fixed, per_processor, per_gib;
};

// Bytes that the linker counts and that no program has.
#define BUDGET_BYTES(kind, count)                                                                  \
    __extension__ __attribute__((section(".bss.budget." #kind), used,                              \
                                 aligned(1))) static char budget_##kind[count]

// Declares the budget of this file; one in a file. The alignment is named, because a compiler
// chooses a larger one for a variable that may be, and the section is read as an array.
#define BUDGET(name, bytes, each_processor, each_gib)                                              \
    BUDGET_BYTES(fixed, bytes);                                                                    \
    BUDGET_BYTES(per_processor, each_processor);                                                   \
    BUDGET_BYTES(per_gib, each_gib);                                                               \
    __attribute__((section("budgets"), used,                                                       \
                   aligned(8))) static const struct budget budget_of_this_file = {                 \
        name, bytes, each_processor, each_gib}

// By how many bytes `taken` exceeds what `name` has declared for such a machine; 0 if it does not
// or has declared nothing. Linear in the declarations.
uint64_t budget_excess(const char *name, uint64_t taken, size_t processors, uint64_t gib);

#endif
