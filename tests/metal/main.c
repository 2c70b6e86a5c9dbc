// SPDX-License-Identifier: MIT
// The test kernel: wakes up as the kernel does, then runs the suites on the metal instead of the
// boot, as KTAP on the serial line. `only=SUITE` or `only=SUITE.CASE` on the command line selects;
// `only=crash.NAME` does a misdeed of crash.c instead.
#include "tests/metal/metal.h"

_Noreturn void kernel_main(const struct handoff *handoff);

struct kernel metal_kernel;

static const struct suite *const suites[] = {&string_suite, &traps_suite, &protection_suite,
                                             &shared_suite, &screen_suite};
const struct suite_list metal_suites = SUITE_LIST(suites);

// What follows `start` at the beginning of `text`; NULL iff that does not begin so.
static const char *after(const char *text, const char *start)
{
    while (*start != '\0') {
        if (*text++ != *start++)
            return NULL;
    }
    return text;
}

void kernel_main(const struct handoff *handoff)
{
    struct kernel *kernel = &metal_kernel;

    kernel_wake(kernel, handoff);
    // Interrupt stacks first, so that a test that overflows its stack is an account and not a
    // reset; ACPI, which knows how to power off; the other processors, for tests that share.
    if (!kernel_set_up_interrupts(kernel) || !kernel_read_memory_map(kernel) ||
        !kernel_read_acpi(kernel) || !kernel_start_processors(kernel))
        kernel_end(kernel, KERNEL_OUT_OF_MEMORY);

    const char *only = kernel->options.only;
    const char *misdeed = after(only, "crash.");
    if (misdeed)
        crash_on_purpose(kernel, misdeed);
    size_t failed = suites_run(&kernel->console.writer, only[0] != '\0' ? only : NULL);
    kernel_print_time(kernel);
    kernel_end(kernel, failed == 0 ? KERNEL_COMPLETE : KERNEL_TESTS_FAILED);
}
