// SPDX-License-Identifier: MIT
// ledger: a decorator that writes down who allocated what. It stands between its users and another
// allocator, passes everything on, and costs only those who allocate through it. Entries live in
// an array that the caller supplies; when it is full the oldest entry is overwritten, the sums go
// on. It never allocates.
#ifndef KMEM_LEDGER_H
#define KMEM_LEDGER_H

#include "allocator.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ledger_entry {
    const void *block; // NULL: given back, or never used
    const void *caller;
    const char *tag; // what `ledger.tag` was at the time
    size_t size, align;
    uint64_t sequence; // 1 for the first allocation
};

struct ledger {
    struct allocator inner;
    struct ledger_entry *entries;
    size_t capacity;  // entries in the array
    uint64_t serial;  // allocations so far; the newest entry has this sequence number
    const char *tag;  // set by the user, who may change it at any time: what is being done
    size_t requested; // bytes asked for and not given back
    size_t failures;
};

// Opens a ledger over `inner`, with room for `capacity` entries, 0 included.
void ledger_init(struct ledger *ledger, struct allocator inner, struct ledger_entry *entries,
                 size_t capacity);

// The ledger as an allocator. It must outlive its use.
struct allocator ledger_allocator(struct ledger *ledger);

// A holder of memory: all live entries of one tag, or of one caller where there is no tag.
struct ledger_holder {
    const char *tag;
    const void *caller; // of the largest block
    size_t size;
    size_t blocks;
};

// Writes the `most` largest holders that the entries know of to `holders`, the largest first, and
// returns how many there were. Time: entries × (entries + most).
size_t ledger_top(const struct ledger *ledger, struct ledger_holder *holders, size_t most);

#ifdef __cplusplus
}
#endif

#endif
