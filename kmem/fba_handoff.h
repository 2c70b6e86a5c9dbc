// SPDX-License-Identifier: MIT
// fba_handoff: the life of an early heap beside serving blocks. A part is split off its tail, it
// moves to other addresses of its memory, crosses from a boot loader to its kernel as plain
// numbers, and is sealed: what was allocated stays, the rest goes whole to the page allocator.
#ifndef KMEM_FBA_HANDOFF_H
#define KMEM_FBA_HANDOFF_H

#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

// Splits the last `size` bytes off the buffer and opens `tail` over them: an allocator of its own,
// for a panic, a sub-system or a processor, which serves on when the rest is exhausted or sealed.
// What is known to be zero stays known. Of the peak counts what the rest can hold.
// Fails iff scratch is in use or a scratch mark open (FBA_BUSY), there is no room (FBA_EXHAUSTED),
// or the allocator is not open; nothing has changed then, and `tail` is not ready.
enum fba_status fba_split_tail(struct fba *fba, size_t size, struct fba *tail);

// Moves the allocator to other addresses of the same memory, for a kernel that begins
// identity-mapped. Alignments hold if the distance is a multiple of them.
// Fails iff marks are open or it is shared (FBA_BUSY), the buffer cannot lie there
// (FBA_BAD_BUFFER), or not ready; nothing has changed then.
enum fba_status fba_rebase(struct fba *fba, void *buffer);

// An open allocator as plain numbers, all offsets from the start of the buffer.
struct fba_numbers {
    uint64_t size; // of the buffer
    uint64_t used; // permanent bytes, padding included
    uint64_t peak; // most bytes ever taken
    uint64_t high; // bytes in [high, low) were never handed out and are zero...
    uint64_t low;  // ...none if high >= low
};

// The numbers of an allocator that is about to be handed over.
// Fails iff marks are open or scratch is in use (FBA_BUSY), or the allocator is not open; `numbers`
// is then unchanged.
enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers);

// Opens `fba` over `buffer` with the blocks that `numbers` tell of, and its bound at the last of
// them: they stay for good. The buffer must hold what the exporting allocator's buffer held, at
// addresses congruent modulo the largest alignment in use.
// Fails iff the buffer is bad (FBA_BAD_BUFFER) or the numbers contradict each other
// (FBA_BAD_NUMBERS); `fba` is then not ready.
enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers);

// The three adjacent ranges of a sealed buffer, which cover it exactly.
struct fba_range {
    uintptr_t start, end;
};
struct fba_ranges {
    struct fba_range permanent; // what was allocated, up to the end of its last granule
    struct fba_range free;      // whole granules for the page allocator; may be empty
    struct fba_range rest;      // less than a granule behind the last whole one; stays unused
};

// Seals: scratch is returned, later allocations fail as FBA_SEALED, later frees are recognised.
// `granule` is the page size: a power of two.
// Fails iff the granule is none (FBA_BAD_ALIGNMENT), marks are open (FBA_BUSY), or the allocator is
// not open; nothing has changed then.
enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges);

#ifdef __cplusplus
}
#endif

#endif
