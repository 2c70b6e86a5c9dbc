// SPDX-License-Identifier: MIT
// The workloads of workloads.h.
#define _GNU_SOURCE
#include "tests/bench/workloads.h"

#include "tests/bench/step.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ALLOCATIONS 4096 // of 16 bytes
#define MIXED 1024
#define DEPTH 64
#define DEPTHS 64
#define GROWTHS 1024
#define PUSHES 1024
#define FAILURES 256
#define PAGE 4096
#define PAGES 128

struct request {
    size_t size, align, log2_align;
};

static struct request mixed[MIXED];
static void *blocks[ALLOCATIONS];
static size_t second_processor;

// ── Calls ───────────────────────────────────────────────────────────────────────────────────────

typedef void *open_function(void);
typedef void *alloc_function(void *state, size_t size, size_t align);
typedef size_t free_function(void *state, void *block, size_t size, size_t align);
typedef size_t grow_function(void *state, void *block, size_t old_size, size_t new_size,
                             size_t align);
typedef void *list_function(void *state);
typedef size_t push_function(void *list, const uint64_t *number);
typedef void *inline_alloc_function(void *state);
typedef void inline_loop_function(void *state, size_t count);
typedef void inline_grow_loop_function(void *state, void *block, size_t count);

static void *open_form(const struct bench_form *form)
{
    return ((open_function *)form->open)();
}

// The form's word for an alignment.
static size_t align_for(const struct bench_form *form, const struct request *request)
{
    return form->align_is_log2 ? request->log2_align : request->align;
}

static const struct request sixteen = {BENCH_SIZE, BENCH_ALIGN, 4};

static void *alloc_one(const struct bench_form *form, void *state, const struct request *request)
{
    return ((alloc_function *)form->alloc)(state, request->size, align_for(form, request));
}

static void free_one(const struct bench_form *form, void *state, void *block,
                     const struct request *request)
{
    ((free_function *)form->free)(state, block, request->size, align_for(form, request));
}

// Leaves nothing behind in an allocator that is not emptied by opening it.
static void clean_up(const struct bench_form *form, void *state, size_t count)
{
    for (size_t i = 0; form->frees_each && i < count; i++)
        free_one(form, state, blocks[i], &sixteen);
}

static size_t count_call(bench_function function, uintptr_t *result, const void *a, uintptr_t b,
                         uintptr_t c, uintptr_t d, uintptr_t e)
{
    return step_call(function, result, (uintptr_t)a, b, c, d, e);
}

// An inlined operation stands alone in a function, whose return is not part of it.
static size_t count_inlined(bench_function function, const void *a, uintptr_t b)
{
    uintptr_t result;

    return count_call(function, &result, a, b, 0, 0, 0) - 1;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

// ── 16 bytes ────────────────────────────────────────────────────────────────────────────────────

static bool can_alloc(const struct bench_form *form)
{
    return form->alloc || form->inline_alloc;
}

// The first calls meet an allocator that still sets itself up: only a later one is counted.
static double count_alloc(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block;

    if (form->inline_alloc) {
        count_inlined(form->inline_alloc, state, 0);
        return (double)count_inlined(form->inline_alloc, state, 0);
    }
    for (size_t i = 0; i < DEPTH; i++)
        blocks[i] = alloc_one(form, state, &sixteen);
    size_t count =
        count_call(form->alloc, &block, state, BENCH_SIZE, align_for(form, &sixteen), 0, 0);
    blocks[DEPTH] = (void *)block;
    clean_up(form, state, DEPTH + 1);
    return (double)count;
}

static double time_alloc(const struct bench_form *form)
{
    void *state = open_form(form);
    double start = now();

    if (form->inline_alloc_loop) {
        ((inline_loop_function *)form->inline_alloc_loop)(state, ALLOCATIONS);
    } else {
        alloc_function *alloc = (alloc_function *)form->alloc;
        size_t align = align_for(form, &sixteen);
        for (size_t i = 0; i < ALLOCATIONS; i++)
            blocks[i] = alloc(state, BENCH_SIZE, align);
    }
    double taken = now() - start;
    clean_up(form, state, form->inline_alloc_loop ? 0 : ALLOCATIONS);
    return taken / ALLOCATIONS;
}

// ── Mixed sizes and alignments ──────────────────────────────────────────────────────────────────

static bool can_alloc_mixed(const struct bench_form *form)
{
    return form->alloc && !form->fixed_align;
}

static double count_mixed(const struct bench_form *form)
{
    void *state = open_form(form);
    size_t count = 0;

    for (size_t i = 0; i < MIXED; i++) {
        uintptr_t block;
        count +=
            count_call(form->alloc, &block, state, mixed[i].size, align_for(form, &mixed[i]), 0, 0);
        blocks[i] = (void *)block;
    }
    clean_up(form, state, MIXED);
    return (double)count / MIXED;
}

static double time_mixed(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)form->alloc;
    double start = now();

    if (form->align_is_log2) {
        for (size_t i = 0; i < MIXED; i++)
            blocks[i] = alloc(state, mixed[i].size, mixed[i].log2_align);
    } else {
        for (size_t i = 0; i < MIXED; i++)
            blocks[i] = alloc(state, mixed[i].size, mixed[i].align);
    }
    double taken = now() - start;
    clean_up(form, state, MIXED);
    return taken / MIXED;
}

// ── Allocating and freeing ──────────────────────────────────────────────────────────────────────

static bool can_free(const struct bench_form *form)
{
    return (form->alloc && form->free) || form->inline_pair;
}

static bool can_free_called(const struct bench_form *form)
{
    return form->alloc && form->free;
}

static double count_free(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t ignored;

    for (size_t i = 0; i < 2; i++) {
        void *block = alloc_one(form, state, &sixteen);
        if (i == 1)
            return (double)count_call(form->free, &ignored, state, (uintptr_t)block, BENCH_SIZE,
                                      align_for(form, &sixteen), 0);
        free_one(form, state, block, &sixteen);
    }
    return 0;
}

static double count_pair(const struct bench_form *form)
{
    if (!form->inline_pair)
        return count_alloc(form) + count_free(form);

    void *state = open_form(form);
    count_inlined(form->inline_pair, state, 0);
    return (double)count_inlined(form->inline_pair, state, 0);
}

static double time_pair(const struct bench_form *form)
{
    void *state = open_form(form);
    double start = now();

    if (form->inline_pair_loop) {
        ((inline_loop_function *)form->inline_pair_loop)(state, ALLOCATIONS);
        return (now() - start) / ALLOCATIONS;
    }
    alloc_function *alloc = (alloc_function *)form->alloc;
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &sixteen);
    for (size_t i = 0; i < ALLOCATIONS; i++) {
        blocks[0] = alloc(state, BENCH_SIZE, align);
        free_block(state, blocks[0], BENCH_SIZE, align);
    }
    return (now() - start) / ALLOCATIONS;
}

static double time_free(const struct bench_form *form)
{
    void *state = open_form(form);
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &sixteen);

    for (size_t i = 0; i < ALLOCATIONS; i++)
        blocks[i] = alloc_one(form, state, &sixteen);
    double start = now();
    for (size_t i = ALLOCATIONS; i-- > 0;)
        free_block(state, blocks[i], BENCH_SIZE, align);
    return (now() - start) / ALLOCATIONS;
}

static double count_deep(const struct bench_form *form)
{
    void *state = open_form(form);
    size_t align = align_for(form, &sixteen);
    size_t count = 0;
    uintptr_t result;

    for (size_t i = 0; i < DEPTH; i++) {
        count += count_call(form->alloc, &result, state, BENCH_SIZE, align, 0, 0);
        blocks[i] = (void *)result;
    }
    for (size_t i = DEPTH; i-- > 0;)
        count += count_call(form->free, &result, state, (uintptr_t)blocks[i], BENCH_SIZE, align, 0);
    return (double)count / DEPTH;
}

static double time_deep(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)form->alloc;
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &sixteen);
    double start = now();

    for (size_t time = 0; time < DEPTHS; time++) {
        for (size_t i = 0; i < DEPTH; i++)
            blocks[i] = alloc(state, BENCH_SIZE, align);
        for (size_t i = DEPTH; i-- > 0;)
            free_block(state, blocks[i], BENCH_SIZE, align);
    }
    return (now() - start) / (DEPTHS * DEPTH);
}

// ── Growing the last block ──────────────────────────────────────────────────────────────────────

static bool can_grow(const struct bench_form *form)
{
    return (form->alloc && form->grow) || form->inline_grow;
}

static void *first_block(const struct bench_form *form, void *state)
{
    return form->alloc ? alloc_one(form, state, &sixteen)
                       : ((inline_alloc_function *)form->inline_alloc)(state);
}

static double count_grow(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block = (uintptr_t)first_block(form, state);
    uintptr_t result;

    if (form->inline_grow)
        return (double)count_inlined(form->inline_grow, state, block);
    return (double)count_call(form->grow, &result, state, block, BENCH_SIZE, 2 * BENCH_SIZE,
                              align_for(form, &sixteen));
}

static double time_grow(const struct bench_form *form)
{
    void *state = open_form(form);
    void *block = first_block(form, state);
    double start = now();

    if (form->inline_grow_loop) {
        ((inline_grow_loop_function *)form->inline_grow_loop)(state, block, GROWTHS);
        return (now() - start) / GROWTHS;
    }
    grow_function *grow = (grow_function *)form->grow;
    size_t align = align_for(form, &sixteen);
    for (size_t i = 1; i <= GROWTHS; i++)
        grow(state, block, i * BENCH_SIZE, (i + 1) * BENCH_SIZE, align);
    return (now() - start) / GROWTHS;
}

// ── Pushing onto an array list ──────────────────────────────────────────────────────────────────

static bool can_push(const struct bench_form *form)
{
    return form->list && form->push;
}

static double count_push(const struct bench_form *form)
{
    void *list = ((list_function *)form->list)(open_form(form));
    size_t count = 0;

    for (uint64_t i = 0; i < PUSHES; i++) {
        uintptr_t ignored;
        count += count_call(form->push, &ignored, list, (uintptr_t)&i, 0, 0, 0);
    }
    return (double)count / PUSHES;
}

static double time_push(const struct bench_form *form)
{
    push_function *push = (push_function *)form->push;
    void *list = ((list_function *)form->list)(open_form(form));
    double start = now();

    for (uint64_t i = 0; i < PUSHES; i++)
        push(list, &i);
    return (now() - start) / PUSHES;
}

// ── Failing ─────────────────────────────────────────────────────────────────────────────────────

static bool can_fail(const struct bench_form *form)
{
    return form->alloc && !form->frees_each;
}

static bench_function failing_call(const struct bench_form *form)
{
    return form->alloc_or_fail ? form->alloc_or_fail : form->alloc;
}

static double count_failing(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block = 0;
    size_t count = 0;

    for (size_t i = 0; i < 2; i++) {
        count = count_call(failing_call(form), &block, state, 2 * BENCH_BUFFER,
                           align_for(form, &sixteen), 0, 0);
    }
    return (double)count;
}

static double time_failing(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)failing_call(form);
    size_t align = align_for(form, &sixteen);
    double start = now();

    for (size_t i = 0; i < FAILURES; i++)
        blocks[i] = alloc(state, 2 * BENCH_BUFFER, align);
    return (now() - start) / FAILURES;
}

// ── Zeroed memory ───────────────────────────────────────────────────────────────────────────────

static bool can_zero(const struct bench_form *form)
{
    return form->alloc_zeroed;
}

static double count_zeroed(const struct bench_form *form)
{
    void *state = open_form(form);
    size_t count = 0;

    for (size_t i = 0; i < 2; i++) {
        uintptr_t block;
        count =
            count_call(form->alloc_zeroed, &block, state, PAGE, align_for(form, &sixteen), 0, 0);
        blocks[i] = (void *)block;
    }
    clean_up(form, state, 2);
    return (double)count;
}

static double time_zeroed(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)form->alloc_zeroed;
    size_t align = align_for(form, &sixteen);
    double start = now();

    for (size_t i = 0; i < PAGES; i++)
        blocks[i] = alloc(state, PAGE, align);
    double taken = now() - start;
    clean_up(form, state, PAGES);
    return taken / PAGES;
}

// ── Two threads ─────────────────────────────────────────────────────────────────────────────────

static atomic_size_t arrived;

static bool can_share(const struct bench_form *form)
{
    return second_processor != BENCH_NO_PROCESSOR && form->alloc && form->form[0] == 's' &&
           form->form[1] == 'h';
}

struct sharer {
    const struct bench_form *form;
    void *state;
    void **blocks;
};

static void share(const struct sharer *sharer)
{
    alloc_function *alloc = (alloc_function *)sharer->form->alloc;
    size_t align = align_for(sharer->form, &sixteen);

    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < 2)
        ;
    for (size_t i = 0; i < ALLOCATIONS; i++)
        sharer->blocks[i] = alloc(sharer->state, BENCH_SIZE, align);
}

static void *second_thread(void *argument)
{
    cpu_set_t processors;

    CPU_ZERO(&processors);
    CPU_SET(second_processor, &processors);
    sched_setaffinity(0, sizeof processors, &processors);
    share(argument);
    return NULL;
}

// Both allocate as fast as they can; the time of one allocation is that of both threads' share.
static double time_two(const struct bench_form *form)
{
    static void *others[ALLOCATIONS];
    void *state = open_form(form);
    struct sharer mine = {form, state, blocks};
    struct sharer other = {form, state, others};
    pthread_t thread;

    atomic_store(&arrived, 0);
    if (pthread_create(&thread, NULL, second_thread, &other) != 0) {
        fprintf(stderr, "bench: no second thread\n");
        exit(2);
    }
    while (atomic_load(&arrived) < 1)
        ;
    double start = now();
    share(&mine);
    pthread_join(thread, NULL);
    return (now() - start) / (2 * ALLOCATIONS);
}

// ── The table ───────────────────────────────────────────────────────────────────────────────────

const struct bench_workload bench_workloads[] = {
    {"16 bytes", "alloc", can_alloc, count_alloc, time_alloc},
    {"mixed", "alloc of 1 to 256 bytes, alignment 1 to 64", can_alloc_mixed, count_mixed,
     time_mixed},
    {"free", "free of the last block", can_free_called, count_free, time_free},
    {"alloc, free", "alloc and free at once", can_free, count_pair, time_pair},
    {"64 deep", "alloc and free, 64 of each in reverse", can_free_called, count_deep, time_deep},
    {"grow", "growing the last block by 16 bytes", can_grow, count_grow, time_grow},
    {"push", "appending 8 bytes to a list of up to 1024", can_push, count_push, time_push},
    {"failing", "alloc that is refused", can_fail, count_failing, time_failing},
    {"zeroed", "zeroed alloc of 4 KiB of fresh memory", can_zero, count_zeroed, time_zeroed},
    {"two threads", "alloc of 16 bytes while another thread does the same", can_share, NULL,
     time_two},
};
const size_t bench_workload_count = sizeof bench_workloads / sizeof bench_workloads[0];

bench_function bench_entry(const struct bench_workload *workload, const struct bench_form *form)
{
    if (workload->count == count_alloc)
        return form->inline_alloc ? form->inline_alloc : form->alloc;
    return NULL;
}

void bench_open(size_t other_processor)
{
    uint32_t random = 2463534242U; // Marsaglia's xorshift: the same requests on every machine

    for (size_t i = 0; i < MIXED; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        mixed[i].size = 1 + random % 256;
        mixed[i].log2_align = (random >> 16) % 7;
        mixed[i].align = (size_t)1 << mixed[i].log2_align;
    }
    second_processor = other_processor;
    step_open();
}
