// SPDX-License-Identifier: MIT
// Takes two lists from the early heap, of tables and of processors, one after the other: lists that
// grew in turn could not grow in place.
#include "boot/kernel/steps/acpi.h"

#include "boot/kernel/acpi/aml.h"
#include "boot/kernel/acpi/fadt.h"

static struct acpi_tables tables;
static struct acpi_processors processors;

// Reads physical memory through the direct map, if all pages of it are mapped there.
static const void *read_direct_map(void *context, uint64_t address, size_t size)
{
    const struct paging *paging = context;

    if (size == 0 || address > UINT64_MAX - paging->direct_map - size)
        return NULL;
    uintptr_t start = paging->direct_map + address;
    uintptr_t last = start + size - 1;
    for (uintptr_t page = page_round_down(start, PAGE_SIZE); page <= last; page += PAGE_SIZE)
        if (!paging_lookup(paging, page).present)
            return NULL;
    return (const void *)start;
}

static void read_power_and_time(struct kernel *kernel, const struct acpi_memory *memory)
{
    const struct acpi_table *table = acpi_tables_find(&tables, "FACP");
    struct acpi_fadt fadt;
    struct acpi_table dsdt;
    struct acpi_s5 s5;

    if (!table)
        return;
    acpi_fadt_read(&fadt, table);
    kernel->timer = timer_at(device_io_ports(), fadt.timer, fadt.timer_is_32_bits);
    if (fadt.timer != 0)
        kernel->timer_start = timer_sample(&kernel->timer);
    if (!fadt.is_reduced && acpi_fadt_find_dsdt(&dsdt, &fadt, memory) &&
        acpi_aml_find_s5(&s5, &dsdt))
        kernel->power = (struct power){
            .io = device_io_ports(),
            .pm1a_control = fadt.pm1a_control,
            .pm1b_control = fadt.pm1b_control,
            .smi_command = fadt.smi_command,
            .acpi_enable = fadt.acpi_enable,
            .sleep_type_a = s5.type_a,
            .sleep_type_b = s5.type_b,
        };
}

static void print_tables(const struct writer *writer)
{
    writer_print(writer, "kernel: acpi: %zu tables:", tables.list.count);
    array_list_each(struct acpi_table, table, &tables.list)
    {
        writer_print(writer, " ");
        for (const char *c = table->signature; *c != '\0'; c++)
            writer_print(writer, "%c", *c > ' ' && *c <= '~' ? *c : '?');
    }
    if (tables.skipped > 0)
        writer_print(writer, ", %zu more damaged or out of reach", tables.skipped);
    if (tables.has_bad_xsdt)
        writer_print(writer, ", of the RSDT: the XSDT is damaged or out of reach");
    writer_print(writer, "\n");
}

static void print_processors(const struct writer *writer)
{
    size_t disabled = processors.list.count - processors.enabled;

    if (processors.enabled == 0)
        writer_print(writer, "kernel: acpi: no processor is listed as enabled");
    else
        writer_print(writer, "kernel: acpi: %zu processors", processors.enabled);
    if (disabled > 0)
        writer_print(writer, ", %zu more not enabled", disabled);
    if (processors.dropped > 0)
        writer_print(writer, ", %zu entries dropped: a repeated id, or that of all processors",
                     processors.dropped);
    writer_print(writer, "\n");
}

enum step_result step_acpi(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct acpi_memory memory = {read_direct_map, &kernel->paging};
    const struct allocator heap = kernel->heap.allocator;

    processors = (struct acpi_processors){0};
    enum acpi_status status = acpi_tables_read(&tables, kernel->handoff->acpi_rsdp, &memory, heap);
    if (status == ACPI_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (status != ACPI_OK) {
        writer_print(writer,
                     "kernel: acpi: %s; going on with one processor, no timer and no power-off\n",
                     acpi_status_name(status));
        return STEP_DONE;
    }
    read_power_and_time(kernel, &memory);
    if (!acpi_madt_read(&processors, acpi_tables_find(&tables, "APIC"), heap))
        return STEP_NO_MEMORY;
    print_tables(writer);
    print_processors(writer);
    return STEP_DONE;
}

const struct acpi_tables *step_acpi_tables(void)
{
    return &tables;
}

const struct acpi_processors *step_acpi_processors(void)
{
    return &processors;
}
