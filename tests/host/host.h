// SPDX-License-Identifier: MIT
// The suites that only a host can run: they need threads, processes, a sanitizer, mappings or a
// machine of their own.
#ifndef TESTS_HOST_HOST_H
#define TESTS_HOST_HOST_H

#include "tests/suites/suite.h"

extern const struct suite contention_suite; // threads in shared mode
extern const struct suite interrupt_suite;  // interrupts between two steps of the shared mode
extern const struct suite mirrored_suite;   // memory that is there twice
extern const struct suite sanitizer_suite;  // what AddressSanitizer reports

// All of them, for the runner of tests/suites/suite.c.
extern const struct suite_list host_suites;

#endif
