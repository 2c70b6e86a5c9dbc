// SPDX-License-Identifier: MIT
// pair: the real fba and its model side by side. One operation at a time is carried out on both,
// then every observable of both is compared: results, figures, ownership, failure record, hook and
// the bytes of the buffer. Used by the exhaustive run and by the fuzz targets.
#ifndef TESTS_MODEL_PAIR_H
#define TESTS_MODEL_PAIR_H

#include "tests/model/model.h"

enum operation_kind {
    OPERATION_ALLOC,         // size, align
    OPERATION_ZEROED,        // size, align
    OPERATION_ARRAY,         // count, align, item size
    OPERATION_ARRAY_ZEROED,  // count, align, item size
    OPERATION_FREE,          // address, size
    OPERATION_RESIZE,        // address, old size, new size
    OPERATION_REMAP,         // address, old size, new size
    OPERATION_REALLOC,       // address, old size, new size, align; a live block or NULL
    OPERATION_SCRATCH_ALLOC, // size, align
    OPERATION_SCRATCH_FREE,  // address, size
    OPERATION_MARK,          // index
    OPERATION_SCRATCH_MARK,  // index
    OPERATION_REWIND,        // index
    OPERATION_KEEP,          // index
    OPERATION_RESET,
    OPERATION_SET_RESERVE,   // size
    OPERATION_RESERVE_ALLOC, // size, align
    OPERATION_REBASE,        // address
    OPERATION_HANDOVER,      // address: export, then adopt there
    OPERATION_SEAL,          // granule
    OPERATION_KINDS,
};

// Arguments in the order in which the comments above name them.
struct operation {
    enum operation_kind kind;
    size_t a, b, c, d;
};

#define PAIR_MEMORY 64 // bytes of the largest real buffer

struct pair {
    struct fba fba;
    struct model model;
    struct fba_mark marks[MODEL_MARKS];
    // A real buffer has bytes: where they are, wherever `fba` is told that they are. NULL: the
    // addresses are fictitious, so that nothing may be cleared or copied.
    unsigned char *memory;
    unsigned char shadow[PAIR_MEMORY]; // what the bytes must be
    size_t hook_calls;
};

// What was different, for a person.
struct difference {
    const char *what;
    unsigned long long real, expected;
};

// Opens both over [base, base + size). `memory` is NULL or base. False: they differ.
bool pair_open(struct pair *pair, uintptr_t base, size_t size, unsigned char *memory, bool zeroed,
               struct difference *difference);

// Opens neither: both are all zero.
void pair_not_ready(struct pair *pair);

// Begins a new life with adopted numbers, over the bytes of the old one if it had any.
bool pair_adopt(struct pair *pair, uintptr_t base, const struct fba_numbers *numbers,
                struct difference *difference);

// Whether an operation is one that a pair in this state can carry out: marks are not opened twice
// over one another, only live blocks are moved, no list is full.
bool pair_can(const struct pair *pair, const struct operation *operation);

// Carries it out on both and compares what it returned, the failure record, the calls of the hook
// and the bytes. False: they differ.
bool pair_step(struct pair *pair, const struct operation *operation, struct difference *difference);

// Compares every figure and every question about ownership, which depend on the state alone; and
// the model with itself. False: they differ.
bool pair_compare(const struct pair *pair, struct difference *difference);

// Whether one is in the state of the other but for what a refusal leaves behind, and a way to take
// that back: most operations change nothing else.
bool pair_is_as_before(const struct pair *pair, const struct pair *before);
void pair_forget_refusal(struct pair *pair, const struct pair *before);

// A hash of all that can make a difference to what follows: everything but the failure record,
// which no function reads except to count, and what the model holds in other words.
struct pair_hash {
    uint64_t a, b;
};
struct pair_hash pair_hash(const struct pair *pair);

// Writes an operation, or a difference, as one line to standard error.
void pair_print_operation(const struct operation *operation);
void pair_print_difference(const struct difference *difference);

#endif
