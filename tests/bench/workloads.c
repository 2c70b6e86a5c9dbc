// SPDX-License-Identifier: MIT
// The table of workloads.h.
#define _GNU_SOURCE
#include "tests/bench/workloads.h"

#include "tests/bench/form_calls.h"
#include "tests/bench/operations.h"

#include <time.h>

// clang-format off
const struct bench_workload bench_workloads[] = {
    {.name = "16 bytes", .operation = "alloc",
     .can = can_alloc, .count = count_alloc, .time = time_alloc},
    {.name = "mixed", .operation = "alloc of 1 to 256 bytes, alignment 1 to 64",
     .can = can_alloc_mixed, .count = count_mixed, .time = time_mixed},
    {.name = "free", .operation = "free of the last block, below the peak",
     .can = can_free, .count = count_free, .time = time_free},
    {.name = "free, new peak", .operation = "free of the last block, when never so much was taken",
     .can = can_free, .count = count_free_at_peak},
    {.name = "alloc, free", .operation = "alloc and free at once",
     .can = can_pair, .count = count_pair, .time = time_pair},
    {.name = "64 deep", .operation = "alloc and free, 64 of each in reverse",
     .can = can_go_deep, .count = count_deep, .time = time_deep},
    {.name = "grow", .operation = "growing the last block by 16 bytes",
     .can = can_grow, .count = count_grow, .time = time_grow},
    {.name = "shrink", .operation = "shrinking the last block by 8 bytes (timed: by 16)",
     .can = can_shrink, .count = count_shrink, .time = time_shrink},
    {.name = "push", .operation = "appending 8 bytes to a list of up to 1024",
     .can = can_push, .count = count_push, .time = time_push},
    {.name = "mark", .operation = "opening a savepoint",
     .can = can_rewind, .count = count_mark},
    {.name = "rewind", .operation = "rewinding over 4 blocks, below the peak",
     .can = can_rewind, .count = count_rewind},
    {.name = "rewind, new peak", .operation = "rewinding over 4 blocks, when never so much was taken",
     .can = can_rewind, .count = count_rewind_at_peak},
    {.name = "full", .operation = "alloc of 16 bytes when the buffer is full",
     .can = can_fail, .count = count_failing, .time = time_failing},
    {.name = "zeroed", .operation = "zeroed alloc of 4 KiB of fresh memory",
     .can = can_zero, .count = count_zeroed_fresh, .time = time_zeroed_fresh},
    {.name = "zeroed, used", .operation = "zeroed alloc of 4 KiB of memory that was used before",
     .can = can_zero, .count = count_zeroed_used, .time = time_zeroed_used},
    {.name = "two threads", .operation = "alloc of 16 bytes while another thread does the same",
     .can = can_share, .time = time_two_threads},
    {.name = "frame", .operation = "a request: savepoint, 4 blocks, rewind",
     .can = can_frame, .run = run_frames, .counted = 8, .timed = 256, .operations = 1},
    {.name = "nested frames", .operation = "a request: 3 savepoints, one in another, of 2 blocks each, rewound",
     .can = can_nest_frames, .run = run_nested_frames, .counted = 8, .timed = 128, .operations = 1},
    {.name = "temporary", .operation = "a block that stays, one behind it that is freed",
     .can = can_hold_temporaries, .run = run_temporaries, .counted = 16, .timed = 1024, .operations = 1,
     .clean = clean_kept},
    {.name = "three temporaries", .operation = "a block that stays, three behind it that are freed",
     .can = can_hold_three, .run = run_three_temporaries, .counted = 16, .timed = 1024, .operations = 1,
     .clean = clean_kept},
    {.name = "tree", .operation = "a node of a search tree of 64, built, walked and given back",
     .can = can_build_tree, .run = run_tree, .counted = 1, .timed = 256, .operations = 64},
    {.name = "lists", .operation = "appending 8 bytes to one of 4 lists that grow side by side to 64",
     .can = can_grow_lists, .run = run_lists, .counted = 1, .timed = 16, .operations = 256},
    {.name = "boot", .operation = "all allocations of a recorded boot, with their frees",
     .can = can_replay_boot, .run = run_boot, .counted = 1, .timed = 4, .operations = 1},
};
// clang-format on
const size_t bench_workload_count = sizeof bench_workloads / sizeof bench_workloads[0];

bench_function bench_entry(const struct bench_workload *workload, const struct bench_form *form)
{
    if (workload->count == count_alloc)
        return form->inline_alloc ? form->inline_alloc : form->alloc;
    return NULL;
}

double bench_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void clean(const struct bench_workload *workload, const struct bench_form *form, void *state,
                  size_t count)
{
    if (workload->clean)
        workload->clean(form, state, count);
}

// The first repetition meets an allocator that still sets itself up: only later ones are counted.
static double count_pattern(const struct bench_workload *workload, const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t sum;

    workload->run(form, state, 1);
    clean(workload, form, state, 1);
    size_t count = count_call((bench_function)workload->run, &sum, form, (uintptr_t)state,
                              workload->counted, 0, 0);
    clean(workload, form, state, workload->counted);
    return (double)count / (double)(workload->counted * workload->operations);
}

static double time_pattern(const struct bench_workload *workload, const struct bench_form *form)
{
    void *state = open_form(form);
    double start = bench_now();

    workload->run(form, state, workload->timed);
    double taken = bench_now() - start;
    clean(workload, form, state, workload->timed);
    return taken / (double)(workload->timed * workload->operations);
}

double bench_count(const struct bench_workload *workload, const struct bench_form *form)
{
    if (workload->run)
        return count_pattern(workload, form);
    return workload->count ? workload->count(form) : -1;
}

double bench_time(const struct bench_workload *workload, const struct bench_form *form)
{
    if (workload->run)
        return time_pattern(workload, form);
    return workload->time ? workload->time(form) : -1;
}

uint64_t bench_sum(const struct bench_workload *workload, const struct bench_form *form)
{
    if (!workload->run)
        return 0;
    void *state = open_form(form);
    uint64_t sum = workload->run(form, state, workload->timed);
    clean(workload, form, state, workload->timed);
    return sum;
}

// This library, from its first byte to the end of its code: the work around the calls.
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

void bench_open(size_t other_processor)
{
    operations_open();
    two_threads_open(other_processor);
    step_open();
    step_skip(__ehdr_start, etext);
}
