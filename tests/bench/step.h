// SPDX-License-Identifier: MIT
// step: runs one function and counts its instructions, by single-stepping the processor. Exact: the
// same call on the same state gives the same number. x86-64 Linux only; one thread at a time.
#ifndef TESTS_BENCH_STEP_H
#define TESTS_BENCH_STEP_H

#include <stddef.h>
#include <stdint.h>

typedef void (*step_function)(void);

// Takes the signal that the processor's trap flag raises. Once, before any count.
void step_open(void);

// Instructions in [start, end) are executed and not counted from now on.
void step_skip(const void *start, const void *end);

// Calls function(a, b, c, d, e). Returns the number of instructions from the first of it to its
// return, both included, and of all that it calls; *result gets what it returned. A repeated
// string instruction counts once.
size_t step_call(step_function function, uintptr_t *result, uintptr_t a, uintptr_t b, uintptr_t c,
                 uintptr_t d, uintptr_t e);

#endif
