// SPDX-License-Identifier: MIT
// The parts of the table of workloads: see workloads.h for what each function does.
#ifndef TESTS_BENCH_OPERATIONS_H
#define TESTS_BENCH_OPERATIONS_H

#include "tests/bench/workloads.h"

// operations.c
bool can_alloc(const struct bench_form *form);
double count_alloc(const struct bench_form *form);
double time_alloc(const struct bench_form *form);
bool can_alloc_mixed(const struct bench_form *form);
double count_mixed(const struct bench_form *form);
double time_mixed(const struct bench_form *form);
bool can_free(const struct bench_form *form);
double count_free(const struct bench_form *form);
double time_free(const struct bench_form *form);
double count_free_at_peak(const struct bench_form *form);
bool can_pair(const struct bench_form *form);
double count_pair(const struct bench_form *form);
double time_pair(const struct bench_form *form);
bool can_go_deep(const struct bench_form *form);
double count_deep(const struct bench_form *form);
double time_deep(const struct bench_form *form);
bool can_grow(const struct bench_form *form);
double count_grow(const struct bench_form *form);
double time_grow(const struct bench_form *form);
bool can_shrink(const struct bench_form *form);
double count_shrink(const struct bench_form *form);
double time_shrink(const struct bench_form *form);
bool can_push(const struct bench_form *form);
double count_push(const struct bench_form *form);
double time_push(const struct bench_form *form);
bool can_rewind(const struct bench_form *form);
double count_mark(const struct bench_form *form);
double count_rewind(const struct bench_form *form);
double count_rewind_at_peak(const struct bench_form *form);
bool can_fail(const struct bench_form *form);
double count_failing(const struct bench_form *form);
double time_failing(const struct bench_form *form);
bool can_zero(const struct bench_form *form);
double count_zeroed_fresh(const struct bench_form *form);
double time_zeroed_fresh(const struct bench_form *form);
double count_zeroed_used(const struct bench_form *form);
double time_zeroed_used(const struct bench_form *form);
void operations_open(void);

// two_threads.c
bool can_share(const struct bench_form *form);
double time_two_threads(const struct bench_form *form);
void two_threads_open(size_t other_processor);

// patterns.c
bool can_frame(const struct bench_form *form);
bench_pattern run_frames;
bool can_nest_frames(const struct bench_form *form);
bench_pattern run_nested_frames;
bool can_hold_temporaries(const struct bench_form *form);
bench_pattern run_temporaries;
bool can_hold_three(const struct bench_form *form);
bench_pattern run_three_temporaries;
void clean_kept(const struct bench_form *form, void *state, size_t count);
bool can_build_tree(const struct bench_form *form);
bench_pattern run_tree;
bool can_grow_lists(const struct bench_form *form);
bench_pattern run_lists;
bool can_replay_boot(const struct bench_form *form);
bench_pattern run_boot;

#endif
