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

// Room for a savepoint of any peer, in bytes, aligned to 16.
#define BENCH_SAVEPOINT 64

// Lists that a form keeps beside each other.
#define BENCH_LISTS 4

// The patterns that are compiled into their callers too; patterns.c has them as calls. All blocks
// have BENCH_ALIGN's half, 8 bytes, as alignment, which every peer can give. The first 8 bytes of a
// block are written, and read again at the end.
//   frame       savepoint; blocks of BENCH_FRAME_SIZES, the j-th of frame i holds i + j; their sum;
//               rewind
//   temporary   a block of BENCH_KEPT bytes that stays and holds i; BENCH_BEHIND blocks of
//               BENCH_TEMPORARY bytes behind it, the j-th holds ~i - j; their sum; all of these are
//               freed, the last first
#define BENCH_PATTERN_ALIGN ((size_t)8)
#define BENCH_FRAME_BLOCKS 4
#define BENCH_FRAME_SIZES                                                                          \
    {                                                                                              \
        24, 64, 40, 100                                                                            \
    }
#define BENCH_KEPT ((size_t)32)
#define BENCH_TEMPORARY ((size_t)64)
#define BENCH_DEPTH                                                                                \
    64 // blocks of BENCH_SIZE that inline_deep_loop allocates, then frees in reverse

// Functions of the types that the comments beside them give, cast to one that C lets hold any
// function. Those that are NULL are not measured. `align` is in bytes unless align_is_log2 says
// that the peer's own calls want its logarithm.
typedef void (*bench_function)(void);

struct bench_form {
    const char *peer;
    const char *form;
    size_t align_is_log2;
    size_t fixed_align;     // alignments differ from block to block only at 0
    size_t frees_each;      // open() empties nothing: each block has to be freed
    size_t unlimited;       // a full buffer is no failure: the system is asked for more
    size_t flat_savepoints; // rewind() empties all: savepoints do not nest
    size_t operations_only; // runs no patterns
    size_t resizes_to_zero; // resize() returns 0 for success; otherwise a byte that is not 0

    bench_function open;       // void *state(void): with an empty buffer
    bench_function open_fresh; // the same, and the peer knows that its buffer is zero

    bench_function alloc;         // void *(void *state, size_t size, size_t align)
    bench_function alloc_or_fail; // the same, for peers whose alloc does not return when it fails
    bench_function alloc_zeroed;  // the same
    bench_function free;          // (void *state, void *block, size_t size, size_t align)
    bench_function
        resize; // (void *state, void *block, size_t old, size_t new, size_t align), in place

    bench_function mark;   // (void *state, void *savepoint)
    bench_function rewind; // (void *state, void *savepoint)

    bench_function list;  // void *list(void *state, size_t index): empty, of 64-bit numbers
    bench_function push;  // (void *list, const uint64_t *number)
    bench_function items; // const uint64_t *(void *list)

    // Compiled in, with constants; each loop does the same `count` times. The compiler must believe
    // that blocks escape: the loops hand each to a piece of assembly that may touch all memory.
    bench_function inline_alloc;       // void *(void *state)
    bench_function inline_alloc_loop;  // (void *state, size_t count)
    bench_function inline_pair;        // (void *state): alloc, then free
    bench_function inline_pair_loop;   // (void *state, size_t count)
    bench_function inline_resize;      // (void *state, void *block): from BENCH_SIZE to twice that
    bench_function inline_resize_loop; // (void *state, void *block, size_t count): BENCH_SIZE each
    bench_function inline_deep_loop;   // (void *state, void **blocks, size_t count)

    // The patterns above, `count` times from i = 0; they return the sum of what was read.
    bench_function inline_frame_loop;     // uint64_t (void *state, size_t count)
    bench_function inline_temporary_loop; // uint64_t (void *state, void **kept, size_t count), one
    bench_function inline_three_loop;     // the same, three temporaries at a time
};

// The peer's forms; a form without a name ends them.
extern const struct bench_form bench_forms[];

#ifdef __cplusplus
}
#endif

#endif
