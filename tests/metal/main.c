// SPDX-License-Identifier: MIT
// The test kernel: wakes up as the kernel does, then runs the suites on the metal instead of the
// boot, as KTAP on the serial line. `only=SUITE` or `only=SUITE.CASE` on the command line selects;
// `only=crash.NAME` runs a crash of crash.c instead, `only=reasons` the failures of reasons.c,
// `only=trace` a trace of allocations from a module, `only=decorators.NAME` the boot on a decorated
// early heap.
#include "boot/kernel/boot_time.h"
#include "boot/kernel/steps/steps.h"
#include "boot/kernel/start.h"
#include "tests/metal/metal.h"

_Noreturn void kernel_main(const struct handoff *handoff);

struct kernel metal_kernel;

static const struct suite *const suites[] = {&string_suite, &traps_suite, &protection_suite,
                                             &shared_suite};
const struct suite_list metal_suites = SUITE_LIST(suites);

// What follows `start` at the beginning of `text`; NULL iff that does not begin so.
static const char *after(const char *text, const char *start)
{
    while (*start != '\0')
        if (*text++ != *start++)
            return NULL;
    return text;
}

void kernel_main(const struct handoff *handoff)
{
    struct kernel *kernel = &metal_kernel;

    kernel_start(kernel, handoff);
    const char *only = kernel->options.only;
    const char *decorators = after(only, "decorators.");
    if (decorators && !decorators_put(&kernel->heap, decorators))
        kernel_end(kernel, KERNEL_TESTS_FAILED);
    enum step_result result = steps_run(kernel);
    if (result != STEP_DONE)
        kernel_end(kernel, result == STEP_NO_MEMORY ? KERNEL_OUT_OF_MEMORY : KERNEL_PANIC);
    if (decorators) {
        bool kept = decorators_run(kernel);
        boot_time_print(kernel);
        kernel_end(kernel, kept ? KERNEL_COMPLETE : KERNEL_TESTS_FAILED);
    }

    const char *crash = after(only, "crash.");
    if (crash)
        crash_on_purpose(kernel, crash);
    if (suite_same_text(only, "reasons")) {
        reasons_run(&kernel->console.writer);
        kernel_end(kernel, KERNEL_COMPLETE);
    }
    if (suite_same_text(only, "trace")) {
        trace_run(kernel);
        kernel_end(kernel, KERNEL_COMPLETE);
    }
    size_t failed = suites_run(&kernel->console.writer, only[0] != '\0' ? only : NULL);
    boot_time_print(kernel);
    kernel_end(kernel, failed == 0 ? KERNEL_COMPLETE : KERNEL_TESTS_FAILED);
}
