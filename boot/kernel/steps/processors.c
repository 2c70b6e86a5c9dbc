// SPDX-License-Identifier: MIT
// Takes a list of ids from the early heap, first stacks, and, from all processors at once, the
// rest.
#include "boot/kernel/steps/processors.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/trampoline.h"
#include "boot/kernel/budget.h"
#include "boot/kernel/early_traps.h"
#include "boot/kernel/steps/acpi.h"
#include "boot/kernel/steps/interrupts.h"
#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/wait.h"

BUDGET("processors", 5 * PAGE_SIZE, 13 * PAGE_SIZE, 0);

#define NAMED_MAX 8u // of the processors that did not start
#define TIMER_TRIALS 4u
#define TIMER_TRIAL_US 1000u
#define NONE_STARTED "kernel: processors: no other is started: "

static struct processors processors;

// The highest `size` bytes of usable memory below 1 MiB, whole pages and not page 0. Returns 0 if
// there are none.
static uint64_t find_low_memory(uint64_t size)
{
    const struct region_map *ranges = step_memory_map_ranges();
    uint64_t found = 0;

    for (size_t i = 0; i < ranges->count; i++) {
        const struct region *range = &ranges->entries[i];
        uint64_t end = range->end < TRAMPOLINE_END ? range->end : TRAMPOLINE_END;
        if (range->kind == MEMORY_USABLE && end >= size + PAGE_SIZE && end - size >= range->start)
            found = end - size;
    }
    return found;
}

static enum paging_status open_apic(struct kernel *kernel, struct apic *apic)
{
    volatile void *registers = NULL;

    if (apic_has_x2()) {
        *apic = apic_x2();
    } else {
        enum paging_status status =
            device_map_add(&kernel->devices, apic_registers(), APIC_REGISTERS_SIZE, &registers);
        if (status != PAGING_OK)
            return status;
        *apic = apic_x1(registers);
    }
    apic_enable(apic);
    return PAGING_OK;
}

// Lists the ids of the processors to start, uint32_t. False iff an allocation failed.
static bool list_others(struct array_list *ids, struct kernel *kernel)
{
    const struct acpi_processors *all = step_acpi_processors();
    uint32_t self = apic_id(&processors.apic);

    *ids = array_list_of(uint32_t, kernel->heap.allocator);
    if (!array_list_reserve(ids, all->enabled))
        return false;
    array_list_each(struct acpi_processor, processor, &all->list)
    {
        if (processor->enabled && processor->apic_id != self)
            array_list_append(ids, &processor->apic_id);
    }
    return true;
}

// How many of `count` processors are started. A degraded boot gives up those that the early heap
// has no room for; to ask it is no failure.
static size_t choose_count(struct kernel *kernel, size_t count)
{
    size_t room = allocator_available(&kernel->heap.allocator, _Alignof(struct processor));
    size_t most = count;

    if (kernel->options.out_of_memory != KERNEL_DEGRADES)
        return count;
    while (most > 0 && processors_size(most) > room)
        most--;
    if (most == count)
        return count;
    kernel->given_up = processors_size(count) - processors_size(most);
    writer_print(&kernel->console.writer,
                 "kernel: processors: there is memory for %zu of %zu other%s; %zu %s given up, "
                 "which would take %llu bytes\n",
                 most, count, writer_plural(count), count - most, count - most == 1 ? "is" : "are",
                 (unsigned long long)kernel->given_up);
    return most;
}

// Names those that did not start: a list may have processors that are not there.
static void print_missing(const struct writer *writer, const uint32_t *ids)
{
    size_t left = NAMED_MAX;

    writer_print(writer, "kernel: processors: no answer from id");
    for (size_t i = 0; i < processors.count && left > 0; i++) {
        if (processors_find(&processors, ids[i]))
            continue;
        writer_print(writer, " %u", ids[i]);
        left--;
    }
    writer_print(writer, "%s\n",
                 processors.count - processors.arrived > NAMED_MAX ? " and others" : "");
}

static void print_started(struct kernel *kernel, const uint32_t *ids)
{
    const struct writer *writer = console_at(&kernel->console, CONSOLE_INFO);

    writer_print(writer, "kernel: processors: %zu of %zu other%s started", processors.arrived,
                 processors.count, writer_plural(processors.count));
    if (processors.arrived > 0)
        writer_print(writer, ", all took their areas at once, %zu retr%s",
                     processors.shared.retries, processors.shared.retries == 1 ? "y" : "ies");
    writer_print(writer, "\n");
    if (processors.arrived < processors.count)
        print_missing(&kernel->console.writer, ids);
}

static enum step_result start(struct kernel *kernel, uint64_t low)
{
    const struct writer *writer = &kernel->console.writer;
    struct array_list ids;

    if (!list_others(&ids, kernel))
        return STEP_NO_MEMORY;
    if (ids.count == 0) {
        writer_print(console_at(&kernel->console, CONSOLE_INFO), NONE_STARTED "none is enabled\n");
        return STEP_DONE;
    }
    size_t count = choose_count(kernel, ids.count);
    if (count == 0)
        return STEP_DONE;
    processors.paging = &kernel->paging;
    processors.timer = &kernel->timer;
    processors.heap = &kernel->heap.fba;
    processors.first_gates = early_traps_gates_of_others();
    processors.gates = step_interrupts_gates();
    enum processors_status status =
        processors_start(&processors, ids.items, count, physical(low), &kernel->heap.allocator,
                         !kernel->heap.memory.is_substitute);
    if (status == PROCESSORS_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (status != PROCESSORS_OK) {
        writer_print(writer, "kernel: processors: %s\n", processors_status_name(status));
        return STEP_STOPPED;
    }
    early_heap_note(&kernel->heap, processors_requested(&processors));
    print_started(kernel, ids.items);
    return STEP_DONE;
}

// Whether the boot processor, by CPUID, is the only one that is listed.
static bool is_alone(const struct array_list *listed)
{
    const struct acpi_processor *first = array_list_at(listed, 0);

    return listed->count == 1 && (first->apic_id & 0xff) == cpu_initial_apic_id();
}

// Whether waits by the timer last. One that is too fast may pass a trial during which the host of a
// virtual machine had other work, but not several.
static bool is_sane(const struct timer *timer)
{
    for (size_t i = 0; i < TIMER_TRIALS; i++)
        if (!wait_for(timer, TIMER_TRIAL_US))
            return false;
    return true;
}

enum step_result step_processors(struct kernel *kernel)
{
    const struct array_list *listed = &step_acpi_processors()->list;
    uint64_t low = find_low_memory(PROCESSORS_LOW_SIZE);
    const char *obstacle = listed->count == 0         ? "none is listed"
                           : is_alone(listed)         ? "there is none"
                           : kernel->timer.port == 0  ? "there is no ACPI timer to pace them"
                           : low == 0                 ? "no usable memory below 1 MiB to begin in"
                           : !is_sane(&kernel->timer) ? "the ACPI timer is faster than it can be"
                                                      : NULL;

    processors = (struct processors){0};
    if (!obstacle) {
        enum paging_status status = open_apic(kernel, &processors.apic);
        if (status == PAGING_NO_MEMORY)
            return STEP_NO_MEMORY;
        if (status == PAGING_OK)
            return start(kernel, low);
        obstacle = "the APIC cannot be mapped";
    }
    writer_print(console_at(&kernel->console, CONSOLE_INFO), NONE_STARTED "%s\n", obstacle);
    return STEP_DONE;
}

struct processors *step_processors_started(void)
{
    return &processors;
}
