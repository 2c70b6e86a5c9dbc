// SPDX-License-Identifier: MIT
// The patterns of peer.h, compiled into a peer of C or C++. A peer defines, over a `state` of type
// `void *`, before it includes this:
//   ALLOC(state, size)                 a block, its size constant, aligned to BENCH_PATTERN_ALIGN
//   FREE(state, block, size)           if it can free
//   SAVEPOINT, MARK(state, savepoint), REWIND(state, savepoint)     if it has savepoints
#ifndef TESTS_BENCH_PEERS_INLINE_PATTERNS_H
#define TESTS_BENCH_PEERS_INLINE_PATTERNS_H

#include "tests/bench/peer.h"

static inline void escape(void *block)
{
    __asm__ volatile("" : : "r"(block) : "memory");
}

// A block that holds a number, and the compiler does not know that it does.
static inline uint64_t *holding(void *block, uint64_t number)
{
    uint64_t *place = (uint64_t *)block;

    *place = number;
    escape(place);
    return place;
}

#ifdef MARK
static uint64_t frame_loop(void *state, size_t count)
{
    static const size_t sizes[BENCH_FRAME_BLOCKS] = BENCH_FRAME_SIZES;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        SAVEPOINT savepoint;
        MARK(state, savepoint);
        uint64_t *a = holding(ALLOC(state, sizes[0]), i);
        uint64_t *b = holding(ALLOC(state, sizes[1]), i + 1);
        uint64_t *c = holding(ALLOC(state, sizes[2]), i + 2);
        uint64_t *d = holding(ALLOC(state, sizes[3]), i + 3);
        sum += *a + *b + *c + *d;
        REWIND(state, savepoint);
    }
    return sum;
}
#endif

#ifdef FREE
static void deep_loop(void *state, void **blocks, size_t count)
{
    while (count-- > 0) {
        for (size_t i = 0; i < BENCH_DEPTH; i++)
            blocks[i] = ALLOC_SIXTEEN(state);
        for (size_t i = BENCH_DEPTH; i-- > 0;)
            FREE(state, blocks[i], BENCH_SIZE);
    }
}

static uint64_t temporary_loop(void *state, void **kept, size_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        kept[i] = holding(ALLOC(state, BENCH_KEPT), i);
        uint64_t *a = holding(ALLOC(state, BENCH_TEMPORARY), ~i);
        sum += *a;
        FREE(state, a, BENCH_TEMPORARY);
    }
    return sum;
}

static uint64_t three_loop(void *state, void **kept, size_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        kept[i] = holding(ALLOC(state, BENCH_KEPT), i);
        uint64_t *a = holding(ALLOC(state, BENCH_TEMPORARY), ~i);
        uint64_t *b = holding(ALLOC(state, BENCH_TEMPORARY), ~i - 1);
        uint64_t *c = holding(ALLOC(state, BENCH_TEMPORARY), ~i - 2);
        sum += *c;
        FREE(state, c, BENCH_TEMPORARY);
        sum += *b;
        FREE(state, b, BENCH_TEMPORARY);
        sum += *a;
        FREE(state, a, BENCH_TEMPORARY);
    }
    return sum;
}
#endif

#endif
