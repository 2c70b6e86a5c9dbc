// SPDX-License-Identifier: MIT
// fba_shared: the permanent end of an fba, shared among processors and interrupt handlers without a
// lock. For the stretch of a boot in which several processors allocate; the rest of the time the
// plain functions cost a tenth.
//
// Everything hangs on the one word `last`: an operation reads it, works out what it would do, and
// publishes the new value if the old one still stands, else begins again. Some processor always
// gets on, and an interrupt handler never waits for what it interrupted.
//
// Meanwhile everything but `last` rests: scratch, marks, reserve, reset, rebase, seal and the plain
// functions. Between fba_shared_begin() and fba_shared_end() marks, reserve, reset, export and seal
// are refused as FBA_BUSY; the plain functions of blocks, and scratch, cannot tell.
//
// Memory ordering. Publishing `last` releases, reading it acquires: who gets a block sees all that
// its former user wrote before giving it back, and sees the watermark that the former user raised
// before `last` fell; so a zeroed allocation never takes used memory for fresh. Blocks of different
// users order nothing between them. fba_shared_begin() and fba_shared_end() are not atomic: let one
// processor call them while the others do not allocate yet, or no more.
//
// A failure means that at one moment within the call there was not enough room; a block given back
// a moment later does not count. Each failure is counted. Its record is written, and the hook
// called on it, by one processor at a time: who fails meanwhile is only counted. So the hook sees a
// whole record, and a handler that fails inside the hook does not wait for it.
//
// Figures (used, peak, available) are exact when no operation is under way.
#ifndef KMEM_FBA_SHARED_H
#define KMEM_FBA_SHARED_H

#include "kmem/allocator.h"
#include "kmem/fba.h"

#ifdef __cplusplus
extern "C" {
#endif

// Begins and ends sharing. `fba->retries` counts from the beginning on how often an operation found
// that another was faster and began again.
// fba_shared_begin() fails iff the allocator is not open: fba_status() says why.
enum fba_status fba_shared_begin(struct fba *fba);
void fba_shared_end(struct fba *fba);

// As their counterparts in fba.h. Lock-free; each failed exchange is one that another processor
// won.
void *fba_shared_alloc(struct fba *fba, size_t size, size_t align);
void *fba_shared_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);
void *fba_shared_alloc_zeroed(struct fba *fba, size_t size, size_t align);
enum fba_status fba_shared_free(struct fba *fba, void *block, size_t size);
enum fba_status fba_shared_resize(struct fba *fba, void *block, size_t old_size, size_t new_size);

// The same through the allocator interface.
struct allocator fba_shared_allocator(struct fba *fba);

#ifdef __cplusplus
}
#endif

#endif
