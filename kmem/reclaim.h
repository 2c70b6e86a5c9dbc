// SPDX-License-Identifier: MIT
// reclaim: a decorator over an fba whose frees lose nothing. An fba keeps no record of its
// blocks, so the padding below a freed block stays taken and a block freed out of order is never
// reclaimed; the fast path owes its speed to that. Here a record beside each block remembers where
// the block began, padding included: a block that is given back becomes padding of the one above
// it, and as soon as everything above is gone, it goes too. When all blocks are freed, in whatever
// order, the fba stands where it stood.
//
// Records live in an array that the caller supplies, one for each block outstanding; and one for
// each that was given back below an open mark, or below a block that has no record. When it is full
// blocks are served without a record, and lose what they lose without this decorator. (Where
// blocks die together, a mark does the same for nothing.)
#ifndef KMEM_RECLAIM_H
#define KMEM_RECLAIM_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

// What is remembered of a block.
struct reclaim_record {
    const void *block; // NULL: given back, and waiting for what lies above it
    uintptr_t before;  // last byte taken before the block and its padding
    uintptr_t last;    // last byte of the block
};

struct reclaim {
    struct fba *fba;
    struct reclaim_record *records; // a stack, in the order of the addresses
    size_t capacity;
    size_t count;
};

// Opens the decorator over an open fba, with room for `capacity` records, 0 included.
void reclaim_init(struct reclaim *reclaim, struct fba *fba, struct reclaim_record *records,
                  size_t capacity);

// The decorator as an allocator. It must outlive its use. Allocation takes constant time; free and
// resize take time linear in the blocks above. Direct allocations of the same fba may be mixed in.
// A block of zero bytes takes one, so that it has an address of its own.
struct allocator reclaim_allocator(struct reclaim *reclaim);

// Forgets the blocks that a rewind or a reset of the fba has taken. To be called first thing after
// one, before the fba takes another block.
void reclaim_forget(struct reclaim *reclaim);

#ifdef __cplusplus
}
#endif

#endif
