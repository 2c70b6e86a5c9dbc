// SPDX-License-Identifier: MIT
// What an allocator supplies to be measured: bench.c opens each peer as a shared library of its
// own and reads `bench_forms` from it. The same table is written in C, C++, Zig and Rust, so its
// types are those that all of them know.
//
// A form is one way to reach the allocator: compiled into the caller with constants, called as a
// function with values known at run time, or through the interface that the peer's containers use.
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of the one buffer that a form allocates from, before its own bookkeeping.
#define BENCH_BUFFER ((size_t)1 << 20)

// Size and alignment of the inlined forms, constants there.
#define BENCH_SIZE ((size_t)16)
#define BENCH_ALIGN ((size_t)16)

// Functions of the types that the comments beside them give, cast to one that C lets hold any
// function. Those that are NULL are not measured. `align` is in bytes unless align_is_log2 says
// that the peer's own calls want its logarithm.
typedef void (*bench_function)(void);

struct bench_form {
    const char *peer;
    const char *form;
    size_t align_is_log2;
    size_t fixed_align; // alignments differ from block to block only at 0
    size_t frees_each;  // open() empties nothing: each block has to be freed

    bench_function
        open; // void *state(void): with an empty buffer, zero if that matters to the peer

    bench_function alloc;         // void *(void *state, size_t size, size_t align)
    bench_function alloc_or_fail; // the same, for peers whose alloc does not return when it fails
    bench_function alloc_zeroed;  // the same
    bench_function free;          // (void *state, void *block, size_t size, size_t align)
    bench_function
        grow; // (void *state, void *block, size_t old, size_t new, size_t align), in place

    bench_function list; // void *list(void *state): empty, of 64-bit numbers
    bench_function push; // (void *list, const uint64_t *number)

    // Compiled in, with constants; each loop does the same `count` times. The compiler must believe
    // that blocks escape: the loops hand each to a piece of assembly that may touch all memory.
    bench_function inline_alloc;      // void *(void *state)
    bench_function inline_alloc_loop; // (void *state, size_t count)
    bench_function inline_pair;       // (void *state): alloc, then free
    bench_function inline_pair_loop;  // (void *state, size_t count)
    bench_function inline_grow;       // (void *state, void *block): from BENCH_SIZE to twice that
    bench_function inline_grow_loop;  // (void *state, void *block, size_t count): BENCH_SIZE each
};

// The peer's forms; a form without a name ends them.
extern const struct bench_form bench_forms[];

#ifdef __cplusplus
}
#endif

#endif
