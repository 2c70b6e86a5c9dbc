// SPDX-License-Identifier: MIT
// lockstep: a differential test of the shipped fba against its reference model. One operation at a
// time is carried out on both, then every observable of both is compared: results, figures,
// ownership, failure record, hook and the bytes of the buffer. Used by the exhaustive run and by
// the fuzz target of the fba.
#ifndef TESTS_MODEL_LOCKSTEP_H
#define TESTS_MODEL_LOCKSTEP_H

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
    OPERATION_SPLIT_TAIL,   // size
    OPERATION_SWITCH,       // to the other allocator of the last split
    OPERATION_REBASE,       // address
    OPERATION_HANDOVER,     // address: export, then adopt there
    OPERATION_SEAL,         // granule
    OPERATION_ALLOC_INLINE, // as the called forms
    OPERATION_FREE_INLINE,
    OPERATION_RESIZE_INLINE,
    OPERATION_KINDS,
};

// Arguments in the order in which the comments above name them.
struct operation {
    enum operation_kind kind;
    size_t a, b, c, d;
};

#define LOCKSTEP_MEMORY 64 // bytes of the largest real buffer

// One allocator: what ships, and its model.
struct lockstep_part {
    struct fba fba;
    struct model model;
    struct fba_mark marks[MODEL_MARKS];
    size_t hook_calls;
};

// A split makes two allocators of one; operations then go to the one until OPERATION_SWITCH. A
// mark points into its fba, so that neither part moves.
struct lockstep {
    struct lockstep_part parts[2];
    size_t current; // index of the part that operations go to
    // A real buffer has bytes. NULL: the addresses are fictitious, so that nothing may be cleared
    // or copied.
    unsigned char *memory;
    size_t memory_size;
    unsigned char shadow[LOCKSTEP_MEMORY]; // what the bytes must be
};

// What was different, for a person.
struct difference {
    const char *what;
    unsigned long long real, expected;
};

// The model of the part that operations go to.
static inline const struct model *lockstep_model(const struct lockstep *lockstep)
{
    return &lockstep->parts[lockstep->current].model;
}

// Opens both over [base, base + size). `memory` is NULL or base. False: they differ.
bool lockstep_open(struct lockstep *lockstep, uintptr_t base, size_t size, unsigned char *memory,
                   bool zeroed, struct difference *difference);

// Opens neither: both are all zero.
void lockstep_not_ready(struct lockstep *lockstep);

// Begins a new life with adopted numbers, over the bytes of the old one if it had any.
bool lockstep_adopt(struct lockstep *lockstep, uintptr_t base, const struct fba_numbers *numbers,
                    struct difference *difference);

// Whether an operation can be carried out in this state: marks are not opened twice over one
// another, only live blocks are moved, no list is full, and a switch needs a split before it.
bool lockstep_can(const struct lockstep *lockstep, const struct operation *operation);

// Carries it out on both and compares what it returned, the failure record, the calls of the hook
// and the bytes. False: they differ.
bool lockstep_step(struct lockstep *lockstep, const struct operation *operation,
                   struct difference *difference);

// Compares every figure and every question about ownership, which depend on the state alone; the
// model with itself; and the fba's `fast_free_limit` with what it promises. False: they differ.
bool lockstep_compare(const struct lockstep *lockstep, struct difference *difference);

// Whether one is in the state of the other but for what a failure leaves behind, and a way to take
// that back: most operations change nothing else.
bool lockstep_is_as_before(const struct lockstep *lockstep, const struct lockstep *before);
void lockstep_forget_failure(struct lockstep *lockstep, const struct lockstep *before);

// A hash of all that can make a difference to what follows: everything but the failure record,
// which no function reads except to count and to explain, and what the model holds in other words.
struct lockstep_hash {
    uint64_t a, b;
};
struct lockstep_hash lockstep_hash(const struct lockstep *lockstep);

// Writes an operation, or a difference, as one line to standard error.
void lockstep_print_operation(const struct operation *operation);
void lockstep_print_difference(const struct difference *difference);

#endif
