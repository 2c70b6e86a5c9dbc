// SPDX-License-Identifier: MIT
// The steps of the early boot that take from the early heap: interrupts, memory map, ACPI.
#include "boot/kernel/kernel.h"

#include "boot/kernel/handoff_check.h"

// A stack that holds the account of a trap with room to spare.
#define INTERRUPT_STACK_SIZE 8192u
#define GUARD_SIZE 4096u

// ── Interrupts ──────────────────────────────────────────────────────────────────────────────────

// A stack with an unmapped page under it. The guard's frame stays the early heap's, used by
// nobody. A substitute for the region is mapped in large pages, and its stacks go unguarded.
static bool take_stack(struct kernel *kernel, struct traps_stack *stack)
{
    unsigned char *memory = allocator_alloc(&kernel->heap.allocator,
                                            GUARD_SIZE + INTERRUPT_STACK_SIZE, GUARD_SIZE);

    if (!memory)
        return false;
    uintptr_t guard = (uintptr_t)memory;
    if (!kernel->heap.measuring) {
        enum paging_status status = paging_unmap(&kernel->paging, guard, GUARD_SIZE);
        if (status != PAGING_OK)
            writer_print(&kernel->console.writer,
                         "kernel: no guard page at 0x%zx, the stack above it is unguarded: %s\n",
                         (size_t)guard, paging_status_name(status));
    }
    *stack = (struct traps_stack){guard + GUARD_SIZE, guard + GUARD_SIZE + INTERRUPT_STACK_SIZE};
    return true;
}

bool kernel_set_up_interrupts(struct kernel *kernel)
{
    struct allocator *heap = &kernel->heap.allocator;
    struct descriptors *descriptors = allocator_new(heap, struct descriptors);
    struct trap_gate *gates = allocator_new_array(heap, struct trap_gate, TRAPS_VECTORS);

    if (!descriptors || !gates)
        return false;
    for (size_t i = 0; i < DESCRIPTORS_IST_COUNT; i++) {
        if (!take_stack(kernel, &kernel->stacks[1 + i]))
            return false;
        kernel->interrupt_stack_tops[i] = kernel->stacks[1 + i].high;
    }
    descriptors_load(descriptors, kernel->interrupt_stack_tops, 0);
    traps_build(gates, TRAPS_ON_INTERRUPT_STACKS);
    traps_load(gates);
    traps_set_stacks(kernel->stacks, 1 + DESCRIPTORS_IST_COUNT);
    writer_print(&kernel->console.writer,
                 "kernel: interrupts: %u gates, %u stacks of %u bytes behind guard pages\n",
                 TRAPS_VECTORS, DESCRIPTORS_IST_COUNT, INTERRUPT_STACK_SIZE);
    return true;
}

// ── Memory map ──────────────────────────────────────────────────────────────────────────────────

bool kernel_read_memory_map(struct kernel *kernel)
{
    struct memory_map map = handoff_memory_map(kernel->handoff);
    struct memory_map_cursor cursor = {0};
    struct memory_range range;
    uint64_t usable = 0;

    kernel->ranges = array_list_of(struct memory_range, kernel->heap.allocator);
    while (memory_map_next(&map, &cursor, &range)) {
        if (!array_list_append(&kernel->ranges, &range))
            return false;
        if (range.kind == MEMORY_USABLE)
            usable += range.end - range.start;
    }
    array_list_shrink_to_fit(&kernel->ranges);

    const struct writer *writer = &kernel->console.writer;
    writer_print(writer, "kernel: memory map: %zu descriptors are %zu ranges, %llu KiB usable\n",
                 map.size / map.stride, kernel->ranges.count, (unsigned long long)usable / 1024);
    array_list_each(struct memory_range, r, &kernel->ranges)
    {
        writer_print(writer, "kernel:   0x%012llx-0x%012llx %s\n", (unsigned long long)r->start,
                     (unsigned long long)r->end, memory_kind_name(r->kind));
    }
    return true;
}

// ── ACPI ────────────────────────────────────────────────────────────────────────────────────────

// Through the window, if all pages of it are mapped there.
static const void *read_through_window(void *context, uint64_t address, size_t size)
{
    const struct paging *paging = context;

    if (size == 0 || address > UINT64_MAX - paging->window - size)
        return NULL;
    uintptr_t start = paging->window + address;
    uintptr_t last = start + size - 1;
    for (uintptr_t page = start & ~(uintptr_t)(PAGING_4K - 1); page <= last; page += PAGING_4K) {
        if (!paging_lookup(paging, page).present)
            return NULL;
    }
    return (const void *)start;
}

static void learn_power_and_time(struct kernel *kernel, const struct acpi_memory *memory)
{
    const struct acpi_table *fadt = acpi_find(&kernel->acpi, "FACP");
    size_t dsdt_size = 0;
    const void *dsdt = acpi_find_dsdt(&kernel->acpi, memory, &dsdt_size);

    if (!fadt)
        return;
    if (timer_from_fadt(&kernel->timer, fadt->bytes, fadt->length))
        kernel->timer_start = timer_sample(&kernel->timer);
    if (dsdt)
        power_from_acpi(&kernel->power, fadt->bytes, fadt->length, dsdt, dsdt_size);
}

bool kernel_read_acpi(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct acpi_memory memory = {read_through_window, &kernel->paging};
    enum acpi_status status = acpi_read_tables(&kernel->acpi, kernel->handoff->acpi_rsdp, &memory,
                                               kernel->heap.allocator);

    if (status == ACPI_NO_MEMORY)
        return false;
    if (status != ACPI_OK) {
        writer_print(writer,
                     "kernel: acpi: %s; going on with one processor, no timer and no power-off\n",
                     acpi_status_name(status));
        return true;
    }
    learn_power_and_time(kernel, &memory);
    writer_print(writer, "kernel: acpi: %zu tables:", kernel->acpi.tables.count);
    array_list_each(struct acpi_table, table, &kernel->acpi.tables)
    {
        writer_print(writer, " %s", table->signature);
    }
    if (kernel->acpi.skipped > 0)
        writer_print(writer, ", %zu more damaged or out of reach", kernel->acpi.skipped);
    writer_print(writer, "\nkernel: acpi: %zu processors", kernel->acpi.enabled);
    if (kernel->acpi.processors.count > kernel->acpi.enabled)
        writer_print(writer, ", %zu more not enabled",
                     kernel->acpi.processors.count - kernel->acpi.enabled);
    writer_print(writer, "\n");
    return true;
}
