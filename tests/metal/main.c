// SPDX-License-Identifier: MIT
// The test kernel: wakes up as the kernel does, then runs the suites on the metal instead of the
// boot, as KTAP on the serial line. `only=SUITE` or `only=SUITE.CASE` on the command line selects.
#include "boot/kernel/kernel.h"
#include "tests/suites/suite.h"

_Noreturn void kernel_main(const struct handoff *handoff);

void kernel_main(const struct handoff *handoff)
{
    static struct kernel kernel;

    kernel_wake(&kernel, handoff);
    // Interrupt stacks first, so that a test that overflows its stack is an account and not a
    // reset, and ACPI, which knows how to power off.
    if (!kernel_set_up_interrupts(&kernel) || !kernel_read_memory_map(&kernel) ||
        !kernel_read_acpi(&kernel))
        kernel_end(&kernel, KERNEL_OUT_OF_MEMORY);

    const char *only = kernel.command_line.only;
    size_t failed = suites_run(&kernel.console.writer, only[0] != '\0' ? only : NULL);
    kernel_print_time(&kernel);
    kernel_end(&kernel, failed == 0 ? KERNEL_COMPLETE : KERNEL_TESTS_FAILED);
}
