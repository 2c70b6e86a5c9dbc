// SPDX-License-Identifier: MIT
// The suites of boot/kernel that only a host can run: what they try, the test kernel has done for
// real and still uses.
#ifndef TESTS_KERNEL_SUITES_H
#define TESTS_KERNEL_SUITES_H

#include "tests/suites/suite.h"

extern const struct suite boot_time_suite;
extern const struct suite seal_suite;  // page frames against a model
extern const struct suite steps_suite; // boot steps that touch no hardware

// All of them, for the runner of tests/suites/suite.c.
extern const struct suite_list kernel_suites;

#endif
