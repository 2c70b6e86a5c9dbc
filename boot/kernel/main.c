// SPDX-License-Identifier: MIT
// The early boot sequence, from the first line on the console to the last account of the early
// heap. Each step takes what it needs from the one region. If that runs out, the boot becomes a
// measuring run, which ends with the size that would have been enough.
#include "boot/kernel/boot_time.h"
#include "boot/kernel/loader_failure.h"
#include "boot/kernel/seal.h"
#include "boot/kernel/steps/steps.h"
#include "boot/kernel/substitute.h"
#include "boot/kernel/tour.h"
#include "boot/kernel/start.h"
#include "boot/kernel/wx_check.h"
#include "kmem/fba_account.h"

_Noreturn void kernel_main(const struct handoff *handoff);

static _Noreturn void report_needed(struct kernel *kernel)
{
    kernel->needed = early_heap_needed(kernel->handoff, fba_peak(&kernel->heap.fba)) / 1024;
    kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
}

// The region was too small, and what the steps behind the failed one need is not known yet: all
// steps run again, in unused memory, to learn the total.
static _Noreturn void measure(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;

    writer_print(writer, "kernel: measuring run: the steps run again in other memory, only to "
                         "measure what this boot needs\n");
    steps_undo(kernel);
    early_heap_close_journal(&kernel->heap);
    kernel->failure = kernel->heap.failure;
    if (!substitute_open(kernel)) {
        writer_print(writer, "kernel: no memory is larger than the region: give the machine more "
                             "memory to measure what this boot needs\n");
        kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
    }
    switch (steps_run(kernel)) {
    case STEP_DONE:
        report_needed(kernel);
    case STEP_NO_MEMORY:
        writer_print(writer,
                     "kernel: %zu bytes are not enough, either: give the machine more "
                     "memory to measure what this boot needs\n",
                     fba_capacity(&kernel->heap.fba));
        kernel_end(kernel, KERNEL_OUT_OF_MEMORY);
    case STEP_STOPPED:
        break;
    }
    kernel_end(kernel, KERNEL_PANIC);
}

static void run_steps(struct kernel *kernel)
{
    enum step_result result = steps_run(kernel);

    if (result == STEP_NO_MEMORY)
        measure(kernel);
    if (result == STEP_STOPPED)
        kernel_end(kernel, KERNEL_PANIC);
}

// What a region of the right size would have been, also for what a degraded boot did without. The
// margin is for a memory map that has more ranges next time, and for a machine with a processor
// more.
static void suggest_size(const struct kernel *kernel)
{
    const struct fba *fba = &kernel->heap.fba;
    uint64_t needed = early_heap_needed(kernel->handoff, fba_peak(fba) + kernel->given_up);
    uint64_t suggested = page_round_up(needed + needed / 4, PAGE_SIZE);

    if (kernel->left_out) {
        writer_print(&kernel->console.writer,
                     "kernel: early heap: too small for step %s; out-of-memory=stop measures what "
                     "this boot needs\n",
                     kernel->left_out);
        return;
    }
    writer_print(
        &kernel->console.writer,
        "kernel: early heap: %zu of %zu KiB were never used; EARLY_HEAP=%lluK is what this "
        "boot needs plus a quarter\n",
        (fba_capacity(fba) - fba_peak(fba)) / 1024, fba_capacity(fba) / 1024,
        (unsigned long long)suggested / 1024);
}

void kernel_main(const struct handoff *handoff)
{
    static struct kernel kernel;

    kernel_start(&kernel, handoff);
    run_steps(&kernel);
    if (!wx_check(&kernel.paging, &kernel.console.writer))
        kernel_end(&kernel, KERNEL_PANIC);
    if (handoff->failure.count > 0) {
        loader_failure_keep(&kernel);
        report_needed(&kernel);
    }
    tour_run(console_at(&kernel.console, CONSOLE_INFO));
    if (!kernel_seal(&kernel))
        kernel_end(&kernel, KERNEL_PANIC);
    early_heap_report(&kernel.heap);
    suggest_size(&kernel);
    boot_time_print(&kernel);
    kernel_end(&kernel, KERNEL_COMPLETE);
}
