// SPDX-License-Identifier: MIT
// Takes two lists from the early heap, of tables and of processors, one after the other: lists that
// grew in turn could not grow in place. Page tables come from there too, for ACPI's tables where
// the direct map does not have them.
#include "boot/kernel/steps/acpi.h"

#include "boot/acpi/aml.h"
#include "boot/acpi/fadt.h"
#include "boot/kernel/acpi_memory.h"
#include "boot/kernel/budget.h"
#include "boot/kernel/steps/memory_map.h"

BUDGET("acpi", PAGE_SIZE + 64, 64, 0);

static struct acpi_tables tables;
static struct acpi_table dsdt; // length 0: not found
static struct acpi_processors processors;

// Reads how the machine powers off. Returns NULL, or why that is not known.
static const char *read_power(struct kernel *kernel, const struct acpi_fadt *fadt,
                              const struct acpi_memory *memory)
{
    struct acpi_s5 s5;
    bool has_bad_sum;

    if (fadt->is_reduced)
        return "reduced hardware has no registers for it";
    if (fadt->pm1a_control == 0)
        return "the FADT names no port for it";
    if (!acpi_fadt_find_dsdt(&dsdt, &has_bad_sum, fadt, memory)) {
        dsdt.length = 0;
        return "the DSDT is damaged or out of reach";
    }
    if (has_bad_sum)
        writer_print(&kernel->console.writer,
                     "kernel: acpi: the checksum of the DSDT is wrong; it is read all the same, to "
                     "power off\n");
    if (!acpi_aml_find_s5(&s5, &dsdt))
        return "the DSDT does not describe the state S5";
    kernel->power = (struct power){
        .io = kernel->ports,
        .pm1a_control = fadt->pm1a_control,
        .pm1b_control = fadt->pm1b_control,
        .smi_command = fadt->smi_command,
        .acpi_enable = fadt->acpi_enable,
        .sleep_type_a = s5.type_a,
        .sleep_type_b = s5.type_b,
    };
    return NULL;
}

static const char *read_power_and_time(struct kernel *kernel, const struct acpi_memory *memory)
{
    const struct acpi_table *table = acpi_tables_find(&tables, "FACP");
    struct acpi_fadt fadt;

    if (!table)
        return "there is no FADT";
    acpi_fadt_read(&fadt, table);
    kernel->timer = timer_at(kernel->ports, fadt.timer, fadt.timer_is_32_bits);
    if (fadt.timer != 0)
        kernel->timer_start = timer_sample(&kernel->timer);
    return read_power(kernel, &fadt, memory);
}

static bool claim(struct kernel *kernel, const struct acpi_table *table, uint64_t *claimed)
{
    struct paging_lookup found = paging_lookup(&kernel->paging, (uintptr_t)table->bytes);

    return table->length == 0 ||
           step_memory_map_claim_acpi(kernel, found.to.value, table->length, claimed);
}

// Some firmware keeps its tables where the memory map says that nothing of value is: what was read
// stays ACPI's. False iff an allocation failed.
static bool claim_tables(struct kernel *kernel, uint64_t pointer)
{
    uint64_t claimed = 0;
    bool done = step_memory_map_claim_acpi(kernel, pointer, ACPI_POINTER_SIZE, &claimed) &&
                claim(kernel, &tables.root, &claimed) && claim(kernel, &dsdt, &claimed);

    array_list_each(struct acpi_table, table, &tables.list)
    {
        done = done && claim(kernel, table, &claimed);
    }
    if (done && claimed > 0)
        writer_print(console_at(&kernel->console, CONSOLE_INFO),
                     "kernel: acpi: %llu KiB of tables are in memory that the map calls usable, "
                     "and are kept\n",
                     (unsigned long long)claimed / 1024);
    return done;
}

static bool is_before(const struct acpi_table *table, const struct acpi_table *first)
{
    while (first < table && first->bytes != table->bytes)
        first++;
    return first < table;
}

// Leaves each table once in the list. Returns how many were there again.
static size_t drop_repeated(struct array_list *list)
{
    struct acpi_table *first = list->items;
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (!is_before(&first[i], first))
            first[kept++] = first[i];
    size_t dropped = list->count - kept;
    list->count = kept;
    return dropped;
}

static void print_tables(const struct writer *writer, size_t repeated)
{
    if (tables.list.count == 0)
        writer_print(writer, "kernel: acpi: no tables");
    else
        writer_print(writer, "kernel: acpi: %zu table%s:", tables.list.count,
                     writer_plural(tables.list.count));
    array_list_each(struct acpi_table, table, &tables.list)
    {
        writer_print(writer, " ");
        for (const char *c = table->signature; *c != '\0'; c++)
            writer_print(writer, "%c", *c > ' ' && *c <= '~' ? *c : '?');
    }
    if (tables.skipped > 0)
        writer_print(writer, ", %zu more damaged or out of reach", tables.skipped);
    if (repeated > 0)
        writer_print(writer, ", %zu named more than once", repeated);
    if (tables.has_bad_xsdt)
        writer_print(writer, ", of the RSDT: the XSDT is damaged, out of reach or names fewer");
    writer_print(writer, "\n");
}

// Whether there is a list of them.
static void print_processors(const struct writer *writer, bool is_listed)
{
    size_t disabled = processors.list.count - processors.enabled;

    if (!is_listed)
        writer_print(writer, "kernel: acpi: no list of processors (MADT) that is good");
    else if (processors.enabled == 0)
        writer_print(writer, "kernel: acpi: no processor is listed as enabled");
    else
        writer_print(writer, "kernel: acpi: %zu processor%s", processors.enabled,
                     writer_plural(processors.enabled));
    if (disabled > 0)
        writer_print(writer, ", %zu more not enabled", disabled);
    if (processors.dropped > 0)
        writer_print(writer,
                     ", %zu more dropped: of a repeated id, that of all processors, or too short",
                     processors.dropped);
    if (processors.is_damaged)
        writer_print(writer, "; the list is damaged, and what follows is not known");
    writer_print(writer, "\n");
}

static bool is_bad(enum acpi_status status)
{
    return status != ACPI_OK && status != ACPI_NO_MEMORY;
}

enum step_result step_acpi(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    struct acpi_reader reader = {.devices = &kernel->devices};
    const struct acpi_memory memory = acpi_reader_memory(&reader);
    const struct allocator heap = kernel->heap.allocator;

    processors = (struct acpi_processors){0};
    dsdt.length = 0;
    uint64_t pointer = kernel->handoff->acpi_rsdp;
    enum acpi_status status = acpi_tables_read(&tables, pointer, &memory, heap);
    if (is_bad(status) && kernel->handoff->acpi_rsdp_1 != 0) {
        writer_print(writer, "kernel: acpi: %s; going on with that of ACPI 1.0\n",
                     acpi_status_name(status));
        array_list_free(&tables.list);
        pointer = kernel->handoff->acpi_rsdp_1;
        status = acpi_tables_read(&tables, pointer, &memory, heap);
    }
    if (status == ACPI_NO_MEMORY || reader.out_of_tables)
        return STEP_NO_MEMORY;
    if (status != ACPI_OK) {
        writer_print(writer,
                     "kernel: acpi: %s; going on with one processor, no timer and no power-off\n",
                     acpi_status_name(status));
        return STEP_DONE;
    }
    size_t repeated = drop_repeated(&tables.list);
    const char *no_power_off = read_power_and_time(kernel, &memory);
    const struct acpi_table *madt = acpi_tables_find(&tables, "APIC");
    if (reader.out_of_tables || !acpi_madt_read(&processors, madt, heap) ||
        !claim_tables(kernel, pointer))
        return STEP_NO_MEMORY;
    print_tables(console_at(&kernel->console, CONSOLE_INFO), repeated);
    print_processors(console_at(&kernel->console, CONSOLE_INFO), madt != NULL);
    if (no_power_off)
        writer_print(writer, "kernel: acpi: no power-off: %s\n", no_power_off);
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
