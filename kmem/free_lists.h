// SPDX-License-Identifier: MIT
// free_lists: a decorator over an fba that serves freed blocks again, in whatever order they were
// freed: segregated free lists, one for each size class. Constant time, no header beside a block,
// and nothing of its own but one pointer a class: the link to the next free block stands in the
// block itself.
//
// Sizes are rounded up to a class: multiples of 16 bytes up to 64, from there four classes to each
// power of two, so that less than a fifth of a block is lost beyond 64 bytes. Each block lies at a
// multiple of 16. A freed block that is the last goes back to the fba; any other waits in its list
// for the next request of its class, also after the seal. Blocks are neither merged nor split: what
// was freed in one size does not serve another. A block beyond the largest class, 128 KiB, is one
// of the fba.
//
// A mark gives back what the fba served since, not what a list did; waiting blocks that a rewind or
// a reset takes have to be forgotten. A block freed twice is not recognised: put a redzone in
// front.
#ifndef KMEM_FREE_LISTS_H
#define KMEM_FREE_LISTS_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FREE_LISTS_CLASSES 48 // the last is that of 128 KiB

struct free_lists {
    struct fba *fba;
    void *heads[FREE_LISTS_CLASSES]; // NULL: no block of this class is waiting
    size_t waiting;                  // bytes in all lists
};

// Opens the decorator over an fba, with empty lists.
void free_lists_init(struct free_lists *lists, struct fba *fba);

// The decorator as an allocator. It must outlive its use. An allocation fails iff no block of its
// class with its alignment is the next one waiting, and the fba has no room. A resize within a
// class always succeeds, any other as fba_resize(): a block that shrinks to a smaller class and is
// not the last loses what it shrinks by. What is available is the largest class that waits or fits:
// a smaller size may fail, when no block of its own class waits.
struct allocator free_lists_allocator(struct free_lists *lists);

// Forgets the waiting blocks that a rewind or a reset of the fba has taken. To be called first
// thing after one, before the fba takes another block. Linear in the blocks that are waiting.
void free_lists_forget(struct free_lists *lists);

#ifdef __cplusplus
}
#endif

#endif
