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

// Does on purpose what a kernel should not, as real as can be, so that the scenario tests see its
// account: `name` is the rest of the word only=crash.NAME. Does not return, for a name that
// crash.c does not know either.
_Noreturn void crash_on_purpose(struct kernel *kernel, const char *name);

#endif
