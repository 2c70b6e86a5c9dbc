// SPDX-License-Identifier: MIT
// fba_handoff: what an early heap does besides serving blocks. It keeps a reserve for a panic,
// moves to other addresses of its memory, crosses from a loader to its kernel as plain numbers, and
// ends: what was allocated stays, the rest goes whole to the page allocator.
#ifndef KMEM_FBA_HANDOFF_H
#define KMEM_FBA_HANDOFF_H

#include "kmem/fba.h"

#ifdef __cplusplus
extern "C" {
#endif

// Sets the last `size` bytes of the buffer aside for fba_reserve_alloc(), for a panic that must
// not depend on what others left.
// Fails iff scratch or another reserve is in use (FBA_BUSY), there is no room (FBA_EXHAUSTED), or
// not ready or sealed.
enum fba_status fba_set_reserve(struct fba *fba, size_t size);

// As fba_alloc(), from the panic reserve only, sealed or not. Never freed.
void *fba_reserve_alloc(struct fba *fba, size_t size, size_t align);

// Moves the allocator to other addresses of the same memory, for a kernel that begins
// identity-mapped. Alignments hold if the distance is a multiple of them.
// Fails iff marks are open or it is shared (FBA_BUSY), the buffer cannot lie there
// (FBA_BAD_BUFFER), or not ready.
enum fba_status fba_rebase(struct fba *fba, void *buffer);

// An open allocator as plain numbers, all offsets from the start of the buffer: what crosses from
// a loader to its kernel.
struct fba_numbers {
    uint64_t size; // of the buffer
    uint64_t used; // permanent bytes, padding included
    uint64_t peak; // most bytes ever taken
    uint64_t high; // bytes in [high, low) were never handed out and are zero...
    uint64_t low;  // ...none if high >= low
};

// The numbers of an allocator that is about to be handed over.
// Fails iff marks are open or scratch or a reserve is in use (FBA_BUSY), not ready or sealed;
// `numbers` is then unchanged.
enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers);

// Opens `fba` over `buffer` with the blocks that `numbers` tell of, and its floor at the last of
// them: they stay for good. The buffer must hold what the exporting allocator's buffer held, at
// addresses congruent modulo the largest alignment in use.
// Fails iff the buffer is bad (FBA_BAD_BUFFER) or the numbers contradict each other
// (FBA_BAD_NUMBERS); `fba` is then not ready.
enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers);

// Ends the early heap. The buffer falls into three adjacent ranges that cover it exactly.
struct fba_range {
    uintptr_t start, end;
};
struct fba_ranges {
    struct fba_range permanent; // what was allocated, up to the end of its last granule
    struct fba_range free;      // whole granules for the page allocator; may be empty
    struct fba_range reserve;   // the panic reserve and the rest of the granule it begins in
};

// Seals: scratch is returned, later allocations are refused as FBA_SEALED, later frees recognised.
// `granule` is the page size: a power of two.
// Fails iff the granule is none (FBA_BAD_ALIGNMENT), marks are open (FBA_BUSY), not ready, or
// sealed already; nothing has changed then.
enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges);

#ifdef __cplusplus
}
#endif

#endif
