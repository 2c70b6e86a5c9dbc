// SPDX-License-Identifier: MIT
// The end of kernel.h.
#include "boot/kernel/kernel.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/debug_exit.h"

static const char *verdict_name(enum kernel_verdict verdict)
{
    switch (verdict) {
    case KERNEL_COMPLETE:
        return "complete";
    case KERNEL_OUT_OF_MEMORY:
        return "out of memory";
    case KERNEL_PANIC:
        return "panic";
    case KERNEL_TESTS_FAILED:
        return "tests failed";
    }
    return "unknown";
}

// The report stands at the end, behind whatever else the failure made the boot say.
static void report_failure_of_heap(const struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct report_record *failure = &kernel->failure;
    const struct early_heap_output output = {.writer = writer, .prefix = "kernel: "};
    struct writer_buffer buffer;
    char setting[64];
    const struct writer to_setting = writer_to_buffer(&buffer, setting, sizeof setting);

    if (failure->reason == REPORT_NONE)
        failure = &kernel->heap.failure;
    writer_print(&to_setting, "make run EARLY_HEAP=%lluK", (unsigned long long)kernel->needed);
    if (failure->reason != REPORT_NONE)
        early_heap_report_failure(&output, failure, kernel->needed != 0 ? setting : NULL);
    if (kernel->needed != 0)
        writer_print(writer, "kernel: this boot needs EARLY_HEAP=%lluK\n",
                     (unsigned long long)kernel->needed);
}

void kernel_end(struct kernel *kernel, enum kernel_verdict verdict)
{
    const struct writer *writer = &kernel->console.writer;

    early_heap_close_journal(&kernel->heap);
    report_failure_of_heap(kernel);
    writer_print(writer, "### %s (run %s)\n", verdict_name(verdict), kernel->options.run);
    if (kernel->options.exit_port != 0)
        debug_exit(&kernel->ports, kernel->options.exit_port, (uint8_t)verdict);
    power_off(&kernel->power);
    writer_print(writer, "kernel: the machine does not power off; halted\n");
    cpu_stop();
}
