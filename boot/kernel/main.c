// SPDX-License-Identifier: MIT
// The early boot sequence, from the first line on the console to the last account of the early
// heap. Each step takes what it needs from the one region; a step that is refused makes the boot a
// measuring run, which ends with the size that would have been enough.
#include "boot/kernel/kernel.h"
#include "boot/kernel/tour.h"

_Noreturn void kernel_main(const struct handoff *handoff);

struct step {
    const char *name; // what the ledger calls its blocks
    bool (*run)(struct kernel *kernel);
};

static const struct step steps[] = {
    {"screen", kernel_open_screen},          {"interrupts", kernel_set_up_interrupts},
    {"memory map", kernel_read_memory_map},  {"acpi", kernel_read_acpi},
    {"processors", kernel_start_processors},
};

// Runs the steps and says what each took. False iff one was refused memory.
static bool run_steps(struct kernel *kernel)
{
    struct early_heap *heap = &kernel->heap;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        size_t before = fba_used(&heap->fba);
        heap->ledger.tag = steps[i].name;
        bool served = steps[i].run(kernel);
        if (heap->failing.failed)
            writer_print(&kernel->console.writer,
                         "kernel: step %s was refused its allocation on purpose (fail=%zu)\n",
                         steps[i].name, heap->failing.fail_alloc);
        if (!served || heap->failed || heap->failing.failed)
            return false;
        writer_print(&kernel->console.writer, "kernel: step %s took %zu bytes, %zu left\n",
                     steps[i].name, fba_used(&heap->fba) - before, fba_available(&heap->fba, 1));
    }
    return true;
}

static _Noreturn void report_needed(struct kernel *kernel)
{
    uint64_t needed = early_heap_needed(kernel->handoff, fba_peak(&kernel->heap.fba));

    writer_print(&kernel->console.writer, "kernel: this boot needs EARLY_HEAP=%lluK\n",
                 (unsigned long long)needed / 1024);
    kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
}

// The region was too small, and what comes after the refused step is not known yet: the same
// steps again, in memory that nobody needs, to learn the total.
static _Noreturn void measure(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;

    writer_print(writer,
                 "kernel: going on in other memory, only to measure what this boot needs\n");
    if (!kernel_open_substitute(kernel)) {
        writer_print(writer, "kernel: no memory is larger than the region: give the machine more "
                             "memory to measure what this boot needs\n");
        kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
    }
    if (!run_steps(kernel)) {
        writer_print(writer,
                     "kernel: %zu bytes are not enough, either: give the machine more "
                     "memory to measure what this boot needs\n",
                     fba_capacity(&kernel->heap.fba));
        kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
    }
    report_needed(kernel);
}

static void repeat_loaders_failure(struct kernel *kernel)
{
    const struct handoff_failure *failure = &kernel->handoff->failure;

    writer_print(&kernel->console.writer,
                 "kernel: out of memory in the loader: %s asked for %llu bytes, alignment %llu; "
                 "%llu were available, %llu missing; the region has %llu KiB\n",
                 failure->what, (unsigned long long)failure->size,
                 (unsigned long long)failure->align, (unsigned long long)failure->available,
                 (unsigned long long)failure->shortfall,
                 (unsigned long long)kernel->handoff->linked_size / 1024);
}

void kernel_main(const struct handoff *handoff)
{
    static struct kernel kernel;

    kernel_wake(&kernel, handoff);
    if (!run_steps(&kernel))
        measure(&kernel);
    kernel_check_wx(&kernel);
    if (handoff->failure.count > 0) {
        repeat_loaders_failure(&kernel);
        report_needed(&kernel);
    }
    tour_run(&kernel.console.writer);
    kernel_seal(&kernel);
    early_heap_report(&kernel.heap);
    kernel_print_time(&kernel);
    kernel_end(&kernel, KERNEL_COMPLETE);
}
