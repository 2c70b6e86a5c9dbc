// SPDX-License-Identifier: MIT
// ledger: a decorator that keeps account of who holds how much. It stands between its users and
// another allocator, passes everything on, and costs only those who allocate through it.
//
// It knows runs: blocks of one holder that lie one behind the other. Entries for them live in an
// array that the caller supplies; one whose blocks are all freed is used again. When every entry is
// in use, the smallest runs of a holder become one entry, its rest, which has their sum and no
// longer their places. So the sum of each holder is exact for as long as there is an entry for it;
// the holders beyond are unrecorded. When a block without a place is freed, and several holders may
// have had it, it counts as returned, and their sums stay. The sums of all holders and what is
// unrecorded, less what was returned, are what is held, always. It never allocates.
#ifndef KMEM_LEDGER_H
#define KMEM_LEDGER_H

#include "allocator.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A run, or a rest. Its holder is its tag; where there is none, its caller.
struct ledger_entry {
    uintptr_t start, end; // a run: no block of another holder was handed out in [start, end) since;
                          // a rest: of the mark that it was taken under, and 0
    const char *tag;      // what `ledger.tag` was at the time
    const void *caller;   // of its largest block
    size_t largest;       // bytes asked for by that block
    size_t size;          // bytes asked for by the blocks still held
    size_t blocks;        // still held; 0: the entry is unused
    uint64_t sequence;    // of a run's newest block; 1 for the first allocation
};
#ifndef __i386__ // which aligns 64 bits to 4 bytes
typedef char
    ledger_under_pragma_pack_[sizeof(struct ledger_entry) % __alignof__(uint64_t) ? -1 : 1];
#endif

struct ledger_count {
    size_t size; // bytes asked for
    size_t blocks;
};

// A mark of the allocator below, in the caller's memory.
struct ledger_mark {
    struct ledger_mark *outer; // the mark around it; NULL: none
    uintptr_t start;           // what was taken since lies from here on
    // Of that, outside inner marks:
    struct ledger_count unplaced; // held, and in no run
    struct ledger_count returned; // freed, and still in the sum of a rest, or in what is unrecorded
};

struct ledger {
    struct allocator inner;
    struct ledger_entry *entries;
    size_t capacity;             // entries in the array
    struct ledger_entry *newest; // of the run that was extended or begun last; NULL: none
    uintptr_t highest;           // no recorded block ends behind it
    uint64_t serial;             // allocations so far
    struct ledger_mark *mark;    // the innermost; NULL: none is open
    struct ledger_mark base;     // what was taken under none
    const char *tag;  // set by the user, who may change it at any time: what is being done
    size_t requested; // bytes asked for and not freed
    size_t failures;
    size_t foreign; // frees of blocks that never came through this ledger, as far as it can tell
};

// Opens a ledger over `inner`, with room for `capacity` entries, 0 included.
void ledger_init(struct ledger *ledger, struct allocator inner, struct ledger_entry *entries,
                 size_t capacity);

// The ledger as an allocator. It must outlive its use. Each call takes time linear in the entries,
// an allocation only while all of them are in use or another holder than before allocates; and
// entries × entries where all are in use and none is that holder's.
struct allocator ledger_allocator(struct ledger *ledger);

// Records a block of `size` bytes, not 0, at `start` that `caller` took past the ledger, in shared
// mode for example, for the tag of now. Costs what an allocation costs here.
void ledger_note(struct ledger *ledger, uintptr_t start, size_t size, const void *caller);

// To be called when a mark of the allocator below is taken: blocks lie from `start` on since then,
// and no run goes across it. `mark` must stay where it is until it is closed. Constant time.
void ledger_mark_open(struct ledger *ledger, struct ledger_mark *mark, uintptr_t start);

// Closes the innermost mark, which is open: a rewind has taken all blocks since, or they stay.
// Linear in the entries; entries × rests of the mark.
void ledger_mark_rewind(struct ledger *ledger);
void ledger_mark_keep(struct ledger *ledger);

// A holder of memory: all entries of one tag, or of one caller where there is no tag.
struct ledger_holder {
    const char *tag;
    const void *caller; // of the largest block
    size_t size;
    size_t blocks;
};

// Writes the `most` largest holders to `holders`, the largest first, and returns how many there
// were. Time: entries × (entries + most).
size_t ledger_top(const struct ledger *ledger, struct ledger_holder *holders, size_t most);

// What holders without an entry have taken, and what was returned that one of them, or a rest,
// still has in its sum. Linear in the entries; in the marks.
struct ledger_count ledger_unrecorded(const struct ledger *ledger);
struct ledger_count ledger_returned(const struct ledger *ledger);

#ifdef __cplusplus
}
#endif

#endif
