// SPDX-License-Identifier: MIT
// limit: a decorator that gives one sub-system a budget of another allocator's bytes, so that its
// growth is its own failure and no other's.
#ifndef KMEM_LIMIT_H
#define KMEM_LIMIT_H

#include "allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

struct limit {
    struct allocator inner;
    size_t budget;   // bytes asked for that may be outstanding at once; padding is not counted
    size_t used;     // never more than budget
    size_t peak;     // most ever used
    size_t failures; // allocations beyond the budget, which the inner allocator never saw; a block
                     // that cannot grow in place may move, and is none
    size_t failed_size, failed_align; // of the newest of them
    const void *failed_caller;
};

// Opens the limit over `inner`: at most `budget` bytes are outstanding at once.
void limit_init(struct limit *limit, struct allocator inner, size_t budget);

// The limit as an allocator. It must outlive its use. Blocks must be given back through it.
struct allocator limit_allocator(struct limit *limit);

#ifdef __cplusplus
}
#endif

#endif
