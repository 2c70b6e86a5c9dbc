// SPDX-License-Identifier: MIT
// failing: a decorator that fails the Nth allocation or the Nth resize, and a driver that fails
// each one of a scenario in turn and tells what the scenario made of it. For tests.
#ifndef KMEM_FAILING_H
#define KMEM_FAILING_H

#include "allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

struct failing {
    struct allocator inner;
    size_t fail_alloc;  // the allocation to fail, counted from 1; 0: none
    size_t fail_resize; // the resize to fail, likewise
    bool onwards;       // fails everything from there on, as memory that has run out does
    size_t allocs;      // allocations asked for so far
    size_t resizes;     // resizes that would grow a block, asked for so far
    size_t blocks;      // blocks outstanding
    bool failed;        // a failure was injected
};

// Opens the decorator over `inner`; it fails nothing until one of its fields says so.
void failing_init(struct failing *failing, struct allocator inner);

// The decorator as an allocator. It must outlive its use. A resize that shrinks is passed on: code
// may rely on it.
struct allocator failing_allocator(struct failing *failing);

// What a scenario made of the failures.
enum failing_verdict {
    FAILING_OK,        // each was reported, and nothing was left behind
    FAILING_BROKEN,    // the scenario fails although nothing was injected
    FAILING_SWALLOWED, // an allocation failed and the scenario claimed success
    FAILING_LEAKED,    // blocks were left behind
    FAILING_UNSTEADY,  // the same scenario asked a different number of times
};
const char *failing_verdict_name(enum failing_verdict verdict);

struct failing_result {
    enum failing_verdict verdict;
    bool resize;  // the injected failure was that of a resize
    size_t at;    // its number; 0: none was injected
    size_t count; // failures injected in all
};
typedef char
    failing_under_pragma_pack_[sizeof(struct failing_result) % __alignof__(void *) ? -1 : 1];

// Runs `scenario` twice untouched, and then once for each allocation and each resize that it asked
// for, which fails. It returns whether it succeeded, and gives all its blocks back either way. It
// may survive a failed resize by moving, and a failed allocation by asking for less; but if it
// claims success although every allocation from there on failed, it swallowed a failure. Ends at
// the first verdict that is not FAILING_OK. Time: requests × scenario.
struct failing_result failing_each(struct allocator inner,
                                   bool (*scenario)(struct allocator allocator, void *context),
                                   void *context);

#ifdef __cplusplus
}
#endif

#endif
