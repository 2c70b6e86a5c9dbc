// SPDX-License-Identifier: MIT
// poison: fills the free bytes of an fba with a pattern when they become free, and finds what
// writes to them later: through a pointer that a free, a rewind or a reset has made stale. A debug
// aid that a real boot can afford: an operation costs time linear in its block and in POISON_STEP,
// whatever the size of the buffer.
//
// An operation looks at the bytes that it hands out, and at the next POISON_STEP of the free ones,
// in turn: so a stale write is found before its bytes serve anew, and otherwise after so many
// operations. poison_check() looks at all of them at once: call it before the seal, say.
//
// Bytes that are known to be zero because they were never handed out stay zero. While a poison is
// in use, blocks may be taken by any function of fba.h, but must go back through this one, or else
// the next check takes their contents for a stale write.
#ifndef KMEM_POISON_H
#define KMEM_POISON_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POISON_PATTERN 0xdb // in each free byte that was in use
#define POISON_STEP 1024    // bytes

struct poison {
    struct fba *fba;
    uintptr_t lower_end;   // free bytes below it hold the pattern...
    uintptr_t upper_start; // ...and those from here up
    uintptr_t next;        // where the next operation looks on
    size_t faults;         // stale writes found so far
    const void *at;        // the lowest byte of the latest; NULL: none
    // Called at each find; NULL: none.
    void (*hook)(struct poison *poison, void *context);
    void *hook_context;
};

// Fills the free bytes of an open fba, but for those that are known to be zero.
void poison_init(struct poison *poison, struct fba *fba);

// Looks at all free bytes. Returns the lowest that was written since, or NULL; recorded, the hook
// called, and filled again, so that each write is found once.
const void *poison_check(struct poison *poison);

// As their counterparts in fba.h, with what they freed filled.
enum fba_status poison_free(struct poison *poison, void *block, size_t size);
enum fba_status poison_scratch_free(struct poison *poison, void *block, size_t size);
enum fba_status poison_rewind(struct poison *poison, struct fba_mark *mark);
enum fba_status poison_reset(struct poison *poison);

// The permanent end as an allocator. It must outlive its use.
struct allocator poison_allocator(struct poison *poison);

#ifdef __cplusplus
}
#endif

#endif
