// SPDX-License-Identifier: MIT
// The steps of the early boot that take from the early heap: screen, interrupts, memory map, ACPI,
// the other processors.
#include "boot/kernel/kernel.h"

#include "arch/x86_64/trampoline.h"

// ── Devices ─────────────────────────────────────────────────────────────────────────────────────

volatile void *kernel_map_device(struct kernel *kernel, physical_t registers, uint64_t size)
{
    // Congruent to the device, so that a large one gets large pages.
    uint64_t start = page_round_up(kernel->devices_end, PAGE_SIZE_2M);
    uint64_t first = page_round_down(registers.value, PAGE_SIZE);
    uint64_t whole = page_round_up(registers.value + size, PAGE_SIZE) - first;
    uintptr_t at = KERNEL_DEVICES + start + first % PAGE_SIZE_2M;
    enum paging_status status =
        paging_map_large(&kernel->paging, at, physical(first), whole, PAGING_DEVICE, PAGE_SIZE_2M);

    if (status != PAGING_OK)
        return NULL;
    kernel->devices_end = at + whole - KERNEL_DEVICES;
    return (volatile void *)(at + (registers.value - first));
}

bool kernel_open_screen(struct kernel *kernel)
{
    const struct handoff_framebuffer *framebuffer = &kernel->handoff->framebuffer;
    const struct writer *writer = &kernel->console.writer;

    if (framebuffer->size == 0) {
        writer_print(writer, "kernel: screen: the firmware offers none\n");
        return true;
    }
    volatile uint32_t *pixels =
        kernel_map_device(kernel, physical(framebuffer->physical), framebuffer->size);
    if (!pixels && kernel->heap.failed)
        return false;
    if (kernel->heap.memory.is_substitute && kernel->console.screen.columns != 0) {
        kernel->console.screen.pixels = pixels; // where it was before, with what stands on it
        return true;
    }
    if (pixels && screen_open(&kernel->console.screen, framebuffer, pixels))
        writer_print(writer, "kernel: screen: %u columns, %u rows\n",
                     kernel->console.screen.columns, kernel->console.screen.rows);
    else
        writer_print(writer, "kernel: screen: %ux%u, %llu bytes, is not usable\n",
                     framebuffer->width, framebuffer->height,
                     (unsigned long long)framebuffer->size);
    return true;
}

// ── Interrupts ──────────────────────────────────────────────────────────────────────────────────

bool kernel_set_up_interrupts(struct kernel *kernel)
{
    struct allocator *heap = &kernel->heap.allocator;

    // Whole pages first, so that the smaller blocks of later steps pad nothing.
    kernel->area = processor_take_area(TRAPS_NO_PROCESSOR, heap);
    kernel->gates = allocator_alloc(heap, TRAPS_VECTORS * sizeof(struct trap_gate), PAGE_SIZE);
    if (!kernel->area || !kernel->gates)
        return false;
    traps_build(kernel->gates, TRAPS_ON_INTERRUPT_STACKS);
    processor_use_area(kernel->area, kernel->gates);
    // A substitute for the region is mapped in large pages, and its stacks go unguarded.
    enum paging_status status = PAGING_OK;
    if (!kernel->heap.memory.is_substitute)
        status = processor_guard_area(kernel->area, &kernel->paging);
    writer_print(&kernel->console.writer, "kernel: interrupts: %u gates, %u stacks of %u bytes%s\n",
                 TRAPS_VECTORS, DESCRIPTORS_IST_COUNT, (unsigned)PROCESSOR_INTERRUPT_STACK_SIZE,
                 status == PAGING_OK ? "" : ", unguarded: their guard pages stay mapped");
    return true;
}

// ── Memory map ──────────────────────────────────────────────────────────────────────────────────

bool kernel_read_memory_map(struct kernel *kernel)
{
    struct memory_map map = handoff_memory_map(kernel->handoff);
    struct memory_map_cursor cursor = {0};
    struct memory_range range;
    uint64_t usable = 0;

    memory_map_sort(&map);
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

// Through the direct map, if all pages of it are mapped there.
static const void *read_direct_map(void *context, uint64_t address, size_t size)
{
    const struct paging *paging = context;

    if (size == 0 || address > UINT64_MAX - paging->direct_map - size)
        return NULL;
    uintptr_t start = paging->direct_map + address;
    uintptr_t last = start + size - 1;
    for (uintptr_t page = page_round_down(start, PAGE_SIZE); page <= last; page += PAGE_SIZE) {
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
    const struct acpi_memory memory = {read_direct_map, &kernel->paging};
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
    uint16_t port = acpi_serial_port(&kernel->acpi);
    if (port != 0 && console_use_port(&kernel->console, port))
        writer_print(writer, "kernel: acpi: going on at serial port 0x%x\n", port);
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

// ── The other processors ────────────────────────────────────────────────────────────────────────

// Usable pages below 1 MiB, the highest of them; 0 if there are none. Not frame 0.
static uint64_t find_low_memory(const struct kernel *kernel, uint64_t size)
{
    uint64_t found = 0;

    array_list_each(struct memory_range, range, &kernel->ranges)
    {
        uint64_t end = range->end < TRAMPOLINE_END ? range->end : TRAMPOLINE_END;
        if (range->kind == MEMORY_USABLE && end >= size + PAGE_SIZE && end - size >= range->start)
            found = end - size;
    }
    return found;
}

static bool open_apic(struct kernel *kernel)
{
    if (apic_has_x2()) {
        kernel->processors.apic = apic_x2();
        return true;
    }
    volatile void *registers = kernel_map_device(kernel, apic_registers(), APIC_REGISTERS_SIZE);
    kernel->processors.apic = apic_x1(registers);
    return registers != NULL;
}

// The ids of the processors to start, as a list of uint32_t; false iff refused.
static bool list_others(struct kernel *kernel, struct array_list *ids)
{
    uint32_t self = apic_id(&kernel->processors.apic);

    *ids = array_list_of(uint32_t, kernel->heap.allocator);
    if (!array_list_reserve(ids, kernel->acpi.enabled))
        return false;
    array_list_each(struct acpi_processor, processor, &kernel->acpi.processors)
    {
        if (processor->enabled && processor->apic_id != self)
            array_list_append(ids, &processor->apic_id);
    }
    return true;
}

bool kernel_start_processors(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    uint64_t low = find_low_memory(kernel, PROCESSORS_LOW_SIZE);
    struct array_list ids;

    if (kernel->acpi.enabled <= 1 || kernel->timer.port == 0 || low == 0) {
        writer_print(writer, "kernel: processors: no other is started: %s\n",
                     kernel->acpi.enabled <= 1 ? "there is none"
                     : kernel->timer.port == 0 ? "there is no ACPI timer to pace them"
                                               : "no usable memory below 1 MiB to begin in");
        return true;
    }
    if (!open_apic(kernel)) {
        writer_print(writer, "kernel: processors: no other is started: the APIC is not mapped\n");
        return !kernel->heap.failed;
    }
    if (!list_others(kernel, &ids))
        return false;
    struct processors *all = &kernel->processors;
    all->paging = &kernel->paging;
    all->timer = &kernel->timer;
    all->heap = &kernel->heap.fba;
    all->first_gates = kernel->first_gates;
    all->gates = kernel->gates;
    enum processors_status status =
        processors_start(all, ids.items, ids.count, physical(low), &kernel->heap.allocator,
                         !kernel->heap.memory.is_substitute);
    if (status == PROCESSORS_NO_MEMORY)
        return false;
    if (status != PROCESSORS_OK) {
        writer_print(writer, "kernel: processors: %s\n", processors_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    kernel->heap.unrecorded += processors_requested(all);
    writer_print(writer,
                 "kernel: processors: %zu of %zu others started, all took their areas at once, "
                 "%zu retries\n",
                 all->arrived, all->count, kernel->heap.fba.retries);
    return true;
}
