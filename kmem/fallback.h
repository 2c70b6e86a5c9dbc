// SPDX-License-Identifier: MIT
// fallback: an fba first, another allocator after it. For code that begins on a small buffer of its
// own, and for the time after the seal: give it the page allocator as `second`, and what the sealed
// heap cannot serve goes there.
//
// A block goes back to the allocator that its address shows to be its owner. So `second` must never
// hand out memory of the fba's buffer, except what left it at the seal. The fba is asked first
// whether the request fits, so that its failure record and hook speak of real failures only.
//
// The fba may be decorated, and is then reached through `front` only; what that cannot serve
// although it said so goes to `second` too. `second` may be set later: until then all requests are
// the first's. What is over the fallback is over both:
//
//     allocator ── yours ── fallback ─┬─ front ── yours, such as free_lists ── first
//                                     └─ second
#ifndef KMEM_FALLBACK_H
#define KMEM_FALLBACK_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fallback {
    struct fba *first;
    struct allocator second; // all-zero: none yet
    struct allocator front;  // what decorates `first`; all-zero: nothing does
};

// The pair as an allocator; `fallback` must outlive its use. A block never moves from the one to
// the other by a resize. Where `front` is all-zero, it becomes the fba as an allocator.
struct allocator fallback_allocator(struct fallback *fallback);

#ifdef __cplusplus
}
#endif

#endif
