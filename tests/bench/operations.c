// SPDX-License-Identifier: MIT
// Single operations: counted by single-stepping one call, timed in bursts of the same call.
#include "tests/bench/operations.h"

#include "tests/bench/form_calls.h"

#define ALLOCATIONS MOST_BLOCKS // of 16 bytes
#define MIXED 1024
#define DEPTHS 64
#define RESIZES 1024
#define PUSHES 1024
#define FAILURES 256
#define PAGE 4096
#define PAGES 128

void *bench_blocks[MOST_BLOCKS];
static struct bench_request mixed[MIXED];

// ── 16 bytes ────────────────────────────────────────────────────────────────────────────────────

bool can_alloc(const struct bench_form *form)
{
    return form->alloc || form->inline_alloc;
}

// The first calls meet an allocator that still sets itself up: only a later one is counted.
double count_alloc(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block;

    if (form->inline_alloc) {
        count_inlined(form->inline_alloc, state, 0);
        return (double)count_inlined(form->inline_alloc, state, 0);
    }
    for (size_t i = 0; i < BENCH_DEPTH; i++)
        bench_blocks[i] = alloc_one(form, state, &bench_sixteen);
    size_t count =
        count_call(form->alloc, &block, state, BENCH_SIZE, align_for(form, &bench_sixteen), 0, 0);
    bench_blocks[BENCH_DEPTH] = (void *)block;
    free_all(form, state, BENCH_DEPTH + 1, &bench_sixteen);
    return (double)count;
}

double time_alloc(const struct bench_form *form)
{
    void *state = open_form(form);
    double start = bench_now();

    if (form->inline_alloc_loop) {
        ((inline_loop_function *)form->inline_alloc_loop)(state, ALLOCATIONS);
    } else {
        alloc_function *alloc = (alloc_function *)form->alloc;
        size_t align = align_for(form, &bench_sixteen);
        for (size_t i = 0; i < ALLOCATIONS; i++)
            bench_blocks[i] = alloc(state, BENCH_SIZE, align);
    }
    double taken = bench_now() - start;
    free_all(form, state, form->inline_alloc_loop ? 0 : ALLOCATIONS, &bench_sixteen);
    return taken / ALLOCATIONS;
}

// ── Mixed sizes and alignments ──────────────────────────────────────────────────────────────────

bool can_alloc_mixed(const struct bench_form *form)
{
    return form->alloc && !form->fixed_align;
}

double count_mixed(const struct bench_form *form)
{
    void *state = open_form(form);
    size_t count = 0;

    for (size_t i = 0; i < MIXED; i++) {
        uintptr_t block;
        count +=
            count_call(form->alloc, &block, state, mixed[i].size, align_for(form, &mixed[i]), 0, 0);
        bench_blocks[i] = (void *)block;
    }
    free_all(form, state, MIXED, &bench_sixteen);
    return (double)count / MIXED;
}

double time_mixed(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)form->alloc;
    double start = bench_now();

    if (form->align_is_log2)
        for (size_t i = 0; i < MIXED; i++)
            bench_blocks[i] = alloc(state, mixed[i].size, mixed[i].log2_align);
    else
        for (size_t i = 0; i < MIXED; i++)
            bench_blocks[i] = alloc(state, mixed[i].size, mixed[i].align);
    double taken = bench_now() - start;
    free_all(form, state, MIXED, &bench_sixteen);
    return taken / MIXED;
}

// ── Allocating and freeing ──────────────────────────────────────────────────────────────────────

bool can_free(const struct bench_form *form)
{
    return form->alloc && form->free;
}

static double count_one_free(const struct bench_form *form, void *state)
{
    void *block = alloc_one(form, state, &bench_sixteen);
    uintptr_t ignored;

    return (double)count_call(form->free, &ignored, state, (uintptr_t)block, BENCH_SIZE,
                              align_for(form, &bench_sixteen), 0);
}

// As much was taken before.
double count_free(const struct bench_form *form)
{
    void *state = open_form(form);

    free_one(form, state, alloc_one(form, state, &bench_sixteen), &bench_sixteen);
    return count_one_free(form, state);
}

// The block behind one that stays: never was so much taken.
double count_free_at_peak(const struct bench_form *form)
{
    void *state = open_form(form);

    free_one(form, state, alloc_one(form, state, &bench_sixteen), &bench_sixteen);
    bench_blocks[0] = alloc_one(form, state, &bench_sixteen);
    double count = count_one_free(form, state);
    free_all(form, state, 1, &bench_sixteen);
    return count;
}

double time_free(const struct bench_form *form)
{
    void *state = open_form(form);
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &bench_sixteen);

    for (size_t i = 0; i < ALLOCATIONS; i++)
        bench_blocks[i] = alloc_one(form, state, &bench_sixteen);
    double start = bench_now();
    for (size_t i = ALLOCATIONS; i-- > 0;)
        free_block(state, bench_blocks[i], BENCH_SIZE, align);
    return (bench_now() - start) / ALLOCATIONS;
}

bool can_pair(const struct bench_form *form)
{
    return can_free(form) || form->inline_pair;
}

double count_pair(const struct bench_form *form)
{
    if (!form->inline_pair)
        return count_alloc(form) + count_free(form);

    void *state = open_form(form);
    count_inlined(form->inline_pair, state, 0);
    return (double)count_inlined(form->inline_pair, state, 0);
}

double time_pair(const struct bench_form *form)
{
    void *state = open_form(form);
    double start = bench_now();

    if (form->inline_pair_loop) {
        ((inline_loop_function *)form->inline_pair_loop)(state, ALLOCATIONS);
        return (bench_now() - start) / ALLOCATIONS;
    }
    alloc_function *alloc = (alloc_function *)form->alloc;
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &bench_sixteen);
    for (size_t i = 0; i < ALLOCATIONS; i++) {
        bench_blocks[0] = alloc(state, BENCH_SIZE, align);
        free_block(state, bench_blocks[0], BENCH_SIZE, align);
    }
    return (bench_now() - start) / ALLOCATIONS;
}

bool can_go_deep(const struct bench_form *form)
{
    return can_free(form) || form->inline_deep_loop;
}

// Inlined: the second pass of the loop, its own instructions included.
double count_deep(const struct bench_form *form)
{
    void *state = open_form(form);
    size_t align = align_for(form, &bench_sixteen);
    size_t count = 0;
    uintptr_t result;

    if (form->inline_deep_loop) {
        ((inline_deep_loop_function *)form->inline_deep_loop)(state, bench_blocks, 1);
        count =
            count_call(form->inline_deep_loop, &result, state, (uintptr_t)bench_blocks, 1, 0, 0);
        return (double)count / BENCH_DEPTH;
    }
    for (size_t i = 0; i < BENCH_DEPTH; i++) {
        count += count_call(form->alloc, &result, state, BENCH_SIZE, align, 0, 0);
        bench_blocks[i] = (void *)result;
    }
    for (size_t i = BENCH_DEPTH; i-- > 0;)
        count += count_call(form->free, &result, state, (uintptr_t)bench_blocks[i], BENCH_SIZE,
                            align, 0);
    return (double)count / BENCH_DEPTH;
}

double time_deep(const struct bench_form *form)
{
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)form->alloc;
    free_function *free_block = (free_function *)form->free;
    size_t align = align_for(form, &bench_sixteen);
    double start = bench_now();

    if (form->inline_deep_loop) {
        ((inline_deep_loop_function *)form->inline_deep_loop)(state, bench_blocks, DEPTHS);
        return (bench_now() - start) / (DEPTHS * BENCH_DEPTH);
    }
    for (size_t time = 0; time < DEPTHS; time++) {
        for (size_t i = 0; i < BENCH_DEPTH; i++)
            bench_blocks[i] = alloc(state, BENCH_SIZE, align);
        for (size_t i = BENCH_DEPTH; i-- > 0;)
            free_block(state, bench_blocks[i], BENCH_SIZE, align);
    }
    return (bench_now() - start) / (DEPTHS * BENCH_DEPTH);
}

// ── Another size for the last block ─────────────────────────────────────────────────────────────

bool can_shrink(const struct bench_form *form)
{
    return form->alloc && form->resize;
}

bool can_grow(const struct bench_form *form)
{
    return can_shrink(form) || form->inline_resize;
}

static void *first_block(const struct bench_form *form, void *state)
{
    return form->alloc ? alloc_one(form, state, &bench_sixteen)
                       : ((inline_alloc_function *)form->inline_alloc)(state);
}

static double count_resize(const struct bench_form *form, void *state, uintptr_t block,
                           size_t old_size, size_t new_size)
{
    uintptr_t result;

    return (double)count_call(form->resize, &result, state, block, old_size, new_size,
                              align_for(form, &bench_sixteen));
}

double count_grow(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block = (uintptr_t)first_block(form, state);

    if (form->inline_resize)
        return (double)count_inlined(form->inline_resize, state, block);
    return count_resize(form, state, block, BENCH_SIZE, 2 * BENCH_SIZE);
}

double time_grow(const struct bench_form *form)
{
    void *state = open_form(form);
    void *block = first_block(form, state);
    double start = bench_now();

    if (form->inline_resize_loop) {
        ((inline_resize_loop_function *)form->inline_resize_loop)(state, block, RESIZES);
        return (bench_now() - start) / RESIZES;
    }
    resize_function *resize = (resize_function *)form->resize;
    size_t align = align_for(form, &bench_sixteen);
    for (size_t i = 1; i <= RESIZES; i++)
        resize(state, block, i * BENCH_SIZE, (i + 1) * BENCH_SIZE, align);
    return (bench_now() - start) / RESIZES;
}

// From the most that was ever taken.
double count_shrink(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t block = (uintptr_t)first_block(form, state);

    return count_resize(form, state, block, BENCH_SIZE, BENCH_SIZE / 2);
}

double time_shrink(const struct bench_form *form)
{
    static const struct bench_request large = {(RESIZES + 1) * BENCH_SIZE, BENCH_ALIGN, 4};
    void *state = open_form(form);
    void *block = alloc_one(form, state, &large);
    resize_function *resize = (resize_function *)form->resize;
    size_t align = align_for(form, &bench_sixteen);
    double start = bench_now();

    for (size_t i = RESIZES; i >= 1; i--)
        resize(state, block, (i + 1) * BENCH_SIZE, i * BENCH_SIZE, align);
    return (bench_now() - start) / RESIZES;
}

// ── Pushing onto an array list ──────────────────────────────────────────────────────────────────

bool can_push(const struct bench_form *form)
{
    return form->list && form->push;
}

double count_push(const struct bench_form *form)
{
    void *list = ((list_function *)form->list)(open_form(form), 0);
    size_t count = 0;

    for (uint64_t i = 0; i < PUSHES; i++) {
        uintptr_t ignored;
        count += count_call(form->push, &ignored, list, (uintptr_t)&i, 0, 0, 0);
    }
    return (double)count / PUSHES;
}

double time_push(const struct bench_form *form)
{
    push_function *push = (push_function *)form->push;
    void *list = ((list_function *)form->list)(open_form(form), 0);
    double start = bench_now();

    for (uint64_t i = 0; i < PUSHES; i++)
        push(list, &i);
    return (bench_now() - start) / PUSHES;
}

// ── Savepoints ──────────────────────────────────────────────────────────────────────────────────

static _Alignas(16) unsigned char savepoint[BENCH_SAVEPOINT];

bool can_rewind(const struct bench_form *form)
{
    return form->alloc && form->mark && form->rewind;
}

static void fill_frame(const struct bench_form *form, void *state)
{
    ((savepoint_function *)form->mark)(state, savepoint);
    for (size_t i = 0; i < BENCH_FRAME_BLOCKS; i++)
        alloc_one(form, state, &bench_sixteen);
}

static void empty_frame(const struct bench_form *form, void *state)
{
    ((savepoint_function *)form->rewind)(state, savepoint);
}

double count_mark(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t ignored;

    fill_frame(form, state);
    empty_frame(form, state);
    double count = (double)count_call(form->mark, &ignored, state, (uintptr_t)savepoint, 0, 0, 0);
    empty_frame(form, state);
    return count;
}

double count_rewind_at_peak(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t ignored;

    fill_frame(form, state);
    return (double)count_call(form->rewind, &ignored, state, (uintptr_t)savepoint, 0, 0, 0);
}

double count_rewind(const struct bench_form *form)
{
    void *state = open_form(form);
    uintptr_t ignored;

    fill_frame(form, state);
    empty_frame(form, state);
    fill_frame(form, state);
    return (double)count_call(form->rewind, &ignored, state, (uintptr_t)savepoint, 0, 0, 0);
}

// ── Failing ─────────────────────────────────────────────────────────────────────────────────────

bool can_fail(const struct bench_form *form)
{
    return form->alloc && !form->unlimited;
}

static bench_function failing_call(const struct bench_form *form)
{
    return form->alloc_or_fail ? form->alloc_or_fail : form->alloc;
}

// An allocator with no room for BENCH_SIZE bytes.
static void *open_full(const struct bench_form *form)
{
    static const size_t sizes[] = {65536, 1024, BENCH_SIZE};
    void *state = open_form(form);
    alloc_function *alloc = (alloc_function *)failing_call(form);

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        while (alloc(state, sizes[i], align_for(form, &bench_sixteen)))
            ;
    return state;
}

double count_failing(const struct bench_form *form)
{
    void *state = open_full(form);
    uintptr_t block;

    return (double)count_call(failing_call(form), &block, state, BENCH_SIZE,
                              align_for(form, &bench_sixteen), 0, 0);
}

double time_failing(const struct bench_form *form)
{
    void *state = open_full(form);
    alloc_function *alloc = (alloc_function *)failing_call(form);
    size_t align = align_for(form, &bench_sixteen);
    double start = bench_now();

    for (size_t i = 0; i < FAILURES; i++)
        bench_blocks[i] = alloc(state, BENCH_SIZE, align);
    return (bench_now() - start) / FAILURES;
}

// ── Zeroed memory ───────────────────────────────────────────────────────────────────────────────

bool can_zero(const struct bench_form *form)
{
    return form->alloc_zeroed;
}

// Memory that was used, as far as the peer knows: all of it was written and given back.
static void *open_used(const struct bench_form *form)
{
    void *state = open_form(form);

    for (size_t i = 0; i < PAGES; i++) {
        uint64_t *page =
            ((alloc_function *)form->alloc_zeroed)(state, PAGE, align_for(form, &bench_sixteen));
        for (size_t word = 0; word < PAGE / sizeof *page; word++)
            page[word] = ~page[word];
        bench_blocks[i] = page;
    }
    free_all(form, state, PAGES, &bench_sixteen);
    return open_form(form);
}

static double count_zeroed(const struct bench_form *form, void *state)
{
    size_t count = 0;

    for (size_t i = 0; i < 2; i++) {
        uintptr_t block;
        count = count_call(form->alloc_zeroed, &block, state, PAGE, align_for(form, &bench_sixteen),
                           0, 0);
        bench_blocks[i] = (void *)block;
    }
    free_all(form, state, 2, &bench_sixteen);
    return (double)count;
}

static double time_zeroed(const struct bench_form *form, void *state)
{
    alloc_function *alloc = (alloc_function *)form->alloc_zeroed;
    size_t align = align_for(form, &bench_sixteen);
    double start = bench_now();

    for (size_t i = 0; i < PAGES; i++)
        bench_blocks[i] = alloc(state, PAGE, align);
    double taken = bench_now() - start;
    free_all(form, state, PAGES, &bench_sixteen);
    return taken / PAGES;
}

double count_zeroed_fresh(const struct bench_form *form)
{
    return count_zeroed(form, open_fresh(form));
}

double time_zeroed_fresh(const struct bench_form *form)
{
    return time_zeroed(form, open_fresh(form));
}

double count_zeroed_used(const struct bench_form *form)
{
    return count_zeroed(form, open_used(form));
}

double time_zeroed_used(const struct bench_form *form)
{
    return time_zeroed(form, open_used(form));
}

// ── Setting up ──────────────────────────────────────────────────────────────────────────────────

void operations_open(void)
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
}
