// SPDX-License-Identifier: MIT
// workloads: what each form of each peer is made to do, once for its instructions and many times
// for its nanoseconds.
#ifndef TESTS_BENCH_WORKLOADS_H
#define TESTS_BENCH_WORKLOADS_H

#include "tests/bench/peer.h"

#include <stdbool.h>

struct bench_workload {
    const char *name;
    const char *operation; // what one operation is
    // Whether the form can do it.
    bool (*can)(const struct bench_form *form);
    // Instructions of one operation. A call counts from the function's first instruction to its
    // return; an inlined operation is the same without the return. NULL: not counted.
    double (*count)(const struct bench_form *form);
    // Nanoseconds of one operation, the mean of a short burst.
    double (*time)(const struct bench_form *form);
};

extern const struct bench_workload bench_workloads[];
extern const size_t bench_workload_count;

// The function that the workload calls or that contains its inlined operation, if there is one.
bench_function bench_entry(const struct bench_workload *workload, const struct bench_form *form);

// Sets up what the workloads share. A second thread runs on `other_processor`.
#define BENCH_NO_PROCESSOR SIZE_MAX
void bench_open(size_t other_processor);

#endif
