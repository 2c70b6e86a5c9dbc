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

void kernel_end(struct kernel *kernel, enum kernel_verdict verdict)
{
    const struct writer *writer = &kernel->console.writer;
    const struct device_io ports = device_io_ports();

    writer_print(writer, "### %s (run %s)\n", verdict_name(verdict), kernel->options.run);
    if (kernel->options.exit_port != 0)
        debug_exit(&ports, kernel->options.exit_port, (uint8_t)verdict);
    power_off(&kernel->power);
    writer_print(writer, "kernel: the machine does not power off; halted\n");
    cpu_stop();
}
