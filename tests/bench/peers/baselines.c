// SPDX-License-Identifier: MIT
// Baselines: not allocators, but what one cannot be faster than. An empty function is what calling
// alone costs. The bare compare-and-swap loop is what a lock-free allocation from one word costs:
// it has the shape of fba_shared_alloc() and none of its care, no check of the alignment, none of a
// carry, no record of a failure.
#include "tests/bench/peer.h"

static _Alignas(4096) unsigned char memory[BENCH_BUFFER];
static struct {
    uintptr_t last, top;
} bare;

static void *open_bare(void)
{
    bare.last = (uintptr_t)memory - 1;
    bare.top = (uintptr_t)memory + sizeof memory;
    return &bare;
}

static void *alloc(void *state, size_t size, size_t align)
{
    uintptr_t *word = state;
    uintptr_t last = __atomic_load_n(word, __ATOMIC_ACQUIRE);

    for (;;) {
        uintptr_t before = last | (align - 1);

        if (before + size >= word[1])
            return NULL;
        if (__atomic_compare_exchange_n(word, &last, before + size, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return (void *)(before + 1);
    }
}

static void *do_nothing(void *state, size_t size, size_t align)
{
    (void)size;
    (void)align;
    return state;
}

const struct bench_form bench_forms[] = {
    {
        .peer = "empty function",
        .form = "called",
        .operations_only = 1,
        .unlimited = 1,
        .open = (bench_function)open_bare,
        .alloc = (bench_function)do_nothing,
    },
    {
        .peer = "bare loop, gcc",
        .form = "shared",
        .operations_only = 1,
        .open = (bench_function)open_bare,
        .alloc = (bench_function)alloc,
    },
    {.peer = NULL},
};
