// SPDX-License-Identifier: MIT
// The suites of this folder: what only a machine can show. They run in the test kernel, after all
// boot steps, with what those have made.
#ifndef TESTS_METAL_METAL_H
#define TESTS_METAL_METAL_H

#include "boot/kernel/kernel.h"
#include "tests/suites/suite.h"

extern struct kernel metal_kernel;

extern const struct suite string_suite;
extern const struct suite protection_suite;
extern const struct suite shared_suite;
extern const struct suite traps_suite;

extern const struct suite_list metal_suites;

// Does on purpose what a kernel must not, so that the scenario tests see its report. `name` is the
// rest of the word only=crash.NAME; an unknown one is reported with the known ones. Does not
// return.
_Noreturn void crash_on_purpose(struct kernel *kernel, const char *name);

// Replays the trace of allocations that the first module has (trace.c). Does not return if that
// fails.
void trace_run(struct kernel *kernel);

// Puts decorators of kmem/ into an early heap from which nothing was allocated yet; `name` is the
// rest of the word only=decorators.NAME. False iff it is unknown.
bool decorators_put(struct early_heap *heap, const char *name);

// Seals the heap that has them, and goes on allocating: behind the boot steps. Prints what was
// found, and returns false iff any of it is not as it should be.
bool decorators_run(struct kernel *kernel);

// Provokes and reports every reason for which an allocation fails (reasons.c).
void reasons_run(const struct writer *writer);

#endif
