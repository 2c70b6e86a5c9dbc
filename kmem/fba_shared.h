// SPDX-License-Identifier: MIT
// fba_shared: the lower end of an fba, shared among processors and interrupt handlers without a
// lock (lock-free: at least one processor always makes progress). For the part of a boot in which
// several processors allocate; outside it the plain functions cost a tenth.
//
// fba_shared_begin() moves the allocator into a structure of its own type, fba_shared_end() moves
// it back. Between the two the plain functions find an empty allocator, which fails as FBA_BUSY:
//
//     open fba ──fba_shared_begin──▶ struct fba_shared ──fba_shared_end──▶ open fba, as it now is
//
// Everything hangs on the one word `lower.edge`: an operation reads it, works out what it would do,
// and publishes the new value if the old one still stands, else begins again. An interrupt handler
// never waits for what it interrupted. Scratch, marks, reset and seal rest.
//
// Memory ordering. Publishing the edge releases, reading it acquires: who gets a block sees all
// that its former user wrote before freeing it, and the watermark that the former user raised
// before the edge retreated; so a zeroed allocation never takes used memory for fresh. Unrelated
// allocations impose no ordering. fba_shared_begin() and fba_shared_end() are not atomic: one
// processor calls them while the others do not allocate yet, or no more.
//
// A failure means that at one moment within the call there was not enough room; a block freed a
// moment later does not count. Every failure is counted. One processor at a time records its
// failure and calls the hook; failures of others meanwhile are only counted. So the hook sees a
// whole record, and a handler that fails inside the hook does not wait for it.
#ifndef KMEM_FBA_SHARED_H
#define KMEM_FBA_SHARED_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fba_shared {
    struct fba fba;      // to be read: figures are exact when no operation is under way
    size_t retries;      // how often an operation found that another was faster and began again
    uintptr_t recording; // 1 while `fba.failure` is being written and the hook runs
};

// Moves an open allocator into `shared`.
// Fails iff the allocator is not open: fba_status() says why, and nothing has changed.
enum fba_status fba_shared_begin(struct fba_shared *shared, struct fba *fba);

// Moves the allocator back; `retries` stays to be read. Does nothing if `fba` is not shared.
void fba_shared_end(struct fba_shared *shared, struct fba *fba);

// As their counterparts in fba.h. Lock-free; each failed exchange is one that another processor
// won.
void *fba_shared_alloc(struct fba_shared *shared, size_t size, size_t align);
void *fba_shared_alloc_by(struct fba_shared *shared, size_t size, size_t align, const void *caller);
void *fba_shared_alloc_zeroed(struct fba_shared *shared, size_t size, size_t align);
enum fba_status fba_shared_free(struct fba_shared *shared, void *block, size_t size);
enum fba_status fba_shared_resize(struct fba_shared *shared, void *block, size_t old_size,
                                  size_t new_size);

// The same through the allocator interface.
struct allocator fba_shared_allocator(struct fba_shared *shared);

#ifdef __cplusplus
}
#endif

#endif
