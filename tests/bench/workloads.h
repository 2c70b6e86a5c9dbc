// SPDX-License-Identifier: MIT
// workloads: what each form of each peer is made to do, once for its instructions and many times
// for its nanoseconds. Operations are single calls (operations.c, two_threads.c); patterns are what
// programs do with an allocator (patterns.c).
#ifndef TESTS_BENCH_WORKLOADS_H
#define TESTS_BENCH_WORKLOADS_H

#include "tests/bench/peer.h"

#include <stdbool.h>

// A pattern runs `count` times over one state and returns the sum of what it read from its blocks,
// by which it is seen that all peers did the same.
typedef uint64_t bench_pattern(const struct bench_form *form, void *state, size_t count);

struct bench_workload {
    const char *name;
    const char *operation; // what one operation is
    // Whether the form can do it.
    bool (*can)(const struct bench_form *form);

    // An operation: its instructions, and its nanoseconds as the mean of a short burst. A call
    // counts from the function's first instruction to its return; an inlined operation is the same
    // without the return. NULL: not counted, not timed.
    double (*count)(const struct bench_form *form);
    double (*time)(const struct bench_form *form);

    // A pattern, in place of both. Its instructions are those of the allocator alone where it is
    // called; where it is inlined they are those of the whole loop. Its nanoseconds are those of
    // the whole pattern.
    bench_pattern *run;
    size_t counted, timed; // repetitions
    size_t operations;     // in one repetition
    // Frees what is left, in an allocator that is not emptied by opening it.
    void (*clean)(const struct bench_form *form, void *state, size_t count);
};

extern const struct bench_workload bench_workloads[];
extern const size_t bench_workload_count;

// Instructions and nanoseconds of one operation; negative: not measured.
double bench_count(const struct bench_workload *workload, const struct bench_form *form);
double bench_time(const struct bench_workload *workload, const struct bench_form *form);

// A pattern's sum; 0 for an operation.
uint64_t bench_sum(const struct bench_workload *workload, const struct bench_form *form);

// The function that the workload calls or that contains its inlined operation, if there is one.
bench_function bench_entry(const struct bench_workload *workload, const struct bench_form *form);

// Sets up what the workloads share. A second thread runs on `other_processor`.
#define BENCH_NO_PROCESSOR SIZE_MAX
void bench_open(size_t other_processor);

#endif
