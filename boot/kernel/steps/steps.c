// SPDX-License-Identifier: MIT
// THE LIST of the boot steps. A step may use what those above it have made.
#include "boot/kernel/steps/steps.h"

#include "boot/kernel/budget.h"
#include "boot/kernel/steps/acpi.h"
#include "boot/kernel/steps/interrupts.h"
#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/steps/processors.h"
#include "boot/kernel/steps/screen.h"
#include "boot/kernel/steps/serial.h"
#include "kmem/fba_account.h"

static const struct step steps[] = {
    {"screen", step_screen, step_screen_undo, true}, // the console on the framebuffer
    {"interrupts", step_interrupts, NULL, false},    // descriptor tables and interrupt stacks
    {"memory map", step_memory_map, NULL, false},    // the firmware's, sorted and merged
    {"acpi", step_acpi, NULL, true},                 // tables, power-off, timer, processors
    {"serial", step_serial, step_serial_undo, true}, // the console at the port that ACPI names
    {"processors", step_processors, NULL, true},     // the APs started
};

#define GIB (UINT64_C(1) << 30)
#define COUNT (sizeof steps / sizeof steps[0])

// GiB up to the end of memory; 0 before the memory map is known.
static uint64_t memory_gib(void)
{
    const struct region_map *ranges = step_memory_map_ranges();
    uint64_t end = 0;

    for (size_t i = 0; i < ranges->count; i++)
        if (memory_kind_is_mapped(ranges->entries[i].kind))
            end = ranges->entries[i].end;
    return (end + GIB - 1) / GIB;
}

// Of this machine, as far as they are known: a list may lack the one that this runs on.
static size_t processor_count(void)
{
    size_t listed = step_acpi_processors()->list.count;
    size_t started = 1 + step_processors_started()->count;

    return started > listed ? started : listed;
}

// Names a part that took more than it has declared.
static void check_budget(const struct kernel *kernel, const char *name, uint64_t taken)
{
    uint64_t excess = budget_excess(name, taken, processor_count(), memory_gib());

    if (excess != 0)
        writer_print(&kernel->console.writer,
                     "kernel: %s took %llu byte%s more than its budget: boot/kernel/budget.h\n",
                     name, (unsigned long long)excess, writer_plural(excess));
}

// What the loader took, but for the page tables of the region.
static uint64_t taken_by_loader(const struct handoff *handoff)
{
    uint64_t used = handoff->heap.used;
    uint64_t tables = paging_tables_needed(handoff->region_virtual, handoff->heap.size) * PAGE_SIZE;

    return used > tables ? used - tables : 0;
}

static enum step_result run_one(struct kernel *kernel, const struct step *step)
{
    struct early_heap *heap = &kernel->heap;
    size_t before = fba_used(&heap->fba);

    heap->ledger.tag = step->name;
    enum step_result result = step->run(kernel);
    step_screen_draw_heap(kernel);
    if (heap->failing.failed) {
        writer_print(&kernel->console.writer,
                     "kernel: step %s: an allocation was failed on purpose (fail=%zu)\n",
                     step->name, heap->failing.fail_alloc);
        heap->failing.failed = false; // what the step has made of it is its result
    }
    if (result != STEP_DONE)
        return result;
    size_t taken = fba_used(&heap->fba) - before;
    writer_print(console_at(&kernel->console, CONSOLE_INFO),
                 "kernel: step %s took %zu byte%s, %zu left\n", step->name, taken,
                 writer_plural(taken), fba_available(&heap->fba, 1));
    check_budget(kernel, step->name, taken);
    return result;
}

// A step that got no memory, and without which the boot can and is to carry on.
static bool leave_out(struct kernel *kernel, const struct step *step)
{
    if (kernel->options.out_of_memory != KERNEL_CARRIES_ON || !step->can_be_left_out)
        return false;
    writer_print(&kernel->console.writer,
                 "kernel: step %s got no memory; the boot carries on without it\n", step->name);
    if (!kernel->left_out)
        kernel->left_out = step->name;
    return true;
}

enum step_result steps_run(struct kernel *kernel)
{
    enum step_result result = STEP_DONE;

    for (size_t i = 0; i < COUNT && result == STEP_DONE; i++) {
        result = run_one(kernel, &steps[i]);
        if (result == STEP_NO_MEMORY && leave_out(kernel, &steps[i]))
            result = STEP_DONE;
    }
    if (result == STEP_DONE)
        check_budget(kernel, "loader", taken_by_loader(kernel->handoff));
    return result;
}

void steps_undo(struct kernel *kernel)
{
    for (size_t i = COUNT; i-- > 0;)
        if (steps[i].undo)
            steps[i].undo(kernel);
}
