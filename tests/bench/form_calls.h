// SPDX-License-Identifier: MIT
// Calls of a form's functions, by their types; and what operations and patterns have in common.
#ifndef TESTS_BENCH_FORM_CALLS_H
#define TESTS_BENCH_FORM_CALLS_H

#include "tests/bench/peer.h"
#include "tests/bench/step.h"

#include <stdbool.h>

#define MOST_BLOCKS 4096

// The blocks of the workload that runs.
extern void *bench_blocks[MOST_BLOCKS];

typedef void *open_function(void);
typedef void *alloc_function(void *state, size_t size, size_t align);
typedef size_t free_function(void *state, void *block, size_t size, size_t align);
typedef size_t resize_function(void *state, void *block, size_t old_size, size_t new_size,
                               size_t align);
typedef size_t savepoint_function(void *state, void *savepoint);
typedef void *list_function(void *state, size_t index);
typedef size_t push_function(void *list, const uint64_t *number);
typedef const uint64_t *items_function(void *list);
typedef void *inline_alloc_function(void *state);
typedef void inline_loop_function(void *state, size_t count);
typedef void inline_resize_loop_function(void *state, void *block, size_t count);
typedef void inline_deep_loop_function(void *state, void **blocks, size_t count);
typedef uint64_t inline_frame_loop_function(void *state, size_t count);
typedef uint64_t inline_temporary_loop_function(void *state, void **kept, size_t count);

struct bench_request {
    size_t size, align, log2_align;
};

static const struct bench_request bench_sixteen = {BENCH_SIZE, BENCH_ALIGN, 4};

static inline void *open_form(const struct bench_form *form)
{
    return ((open_function *)form->open)();
}

static inline void *open_fresh(const struct bench_form *form)
{
    return ((open_function *)(form->open_fresh ? form->open_fresh : form->open))();
}

// The form's word for an alignment.
static inline size_t align_for(const struct bench_form *form, const struct bench_request *request)
{
    return form->align_is_log2 ? request->log2_align : request->align;
}

static inline void *alloc_one(const struct bench_form *form, void *state,
                              const struct bench_request *request)
{
    return ((alloc_function *)form->alloc)(state, request->size, align_for(form, request));
}

static inline void free_one(const struct bench_form *form, void *state, void *block,
                            const struct bench_request *request)
{
    ((free_function *)form->free)(state, block, request->size, align_for(form, request));
}

// Leaves nothing behind in an allocator that is not emptied by opening it.
static inline void free_all(const struct bench_form *form, void *state, size_t count,
                            const struct bench_request *request)
{
    for (size_t i = 0; form->frees_each && i < count; i++)
        free_one(form, state, bench_blocks[i], request);
}

static inline size_t count_call(bench_function function, uintptr_t *result, const void *a,
                                uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e)
{
    return step_call(function, result, (uintptr_t)a, b, c, d, e);
}

// An inlined operation stands alone in a function, whose return is not part of it.
static inline size_t count_inlined(bench_function function, const void *a, uintptr_t b)
{
    uintptr_t result;

    return count_call(function, &result, a, b, 0, 0, 0) - 1;
}

// Nanoseconds since some moment.
double bench_now(void);

#endif
