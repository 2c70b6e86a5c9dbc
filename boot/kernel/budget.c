// SPDX-License-Identifier: MIT
// The declarations of budget.h, and that of the loader, which is another program.
#include "boot/kernel/budget.h"

#include "arch/x86_64/page.h"
#include "boot/handoff.h"

#include <stdbool.h>

// Page tables, those of the direct map for each GiB, the memory map, boot info and command line.
BUDGET("loader", 11 * PAGE_SIZE + HANDOFF_COMMAND_LINE_MAX + 1, 0, PAGE_SIZE);

// The linker names beginning and end of the section.
extern const struct budget budgets_start[] __asm__("__start_budgets");
extern const struct budget budgets_end[] __asm__("__stop_budgets");

static bool is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

uint64_t budget_excess(const char *name, uint64_t taken, size_t processors, uint64_t gib)
{
    uint64_t others = processors > 1 ? processors - 1 : 0; // before ACPI is read none is known
    size_t count = ((uintptr_t)budgets_end - (uintptr_t)budgets_start) / sizeof(struct budget);

    for (size_t i = 0; i < count; i++) {
        const struct budget *budget = &budgets_start[i];
        uint64_t most = budget->fixed + budget->per_processor * others + budget->per_gib * gib;
        if (is_same(budget->name, name))
            return taken > most ? taken - most : 0;
    }
    return 0;
}
