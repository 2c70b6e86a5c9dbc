// SPDX-License-Identifier: MIT
// redzone: a decorator that puts a known pattern before and behind each block, looks at it when the
// block comes back or on demand, and names the block that was overrun. A debug aid: it costs
// 2 × REDZONE_SIZE bytes and a header a block, and time linear in that.
//
//      front: size, caller, pattern            the block                     back: pattern
//     ├────────────────────────────┼──────────────────────────────────┼──────────────────┤
//
// The header knows the true size, so a free or resize with a wrong one is found as well, and put
// right. In a program compiled with AddressSanitizer the zones are poisoned for it, so that the
// very access that leaves the block is its report. (Blocks must then go back one by one: after a
// rewind or reset of the memory below, only allocations through a redzone may touch it.)
#ifndef KMEM_REDZONE_H
#define KMEM_REDZONE_H

#include "allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of pattern on either side, at least.
#define REDZONE_SIZE 16

enum redzone_kind {
    REDZONE_INTACT,
    REDZONE_UNDERRUN, // written before the block, or given back before, or none of this redzone's:
                      // it is not passed on
    REDZONE_OVERRUN,  // written behind the block
    REDZONE_WRONG_SIZE, // given back or resized with another size than it has
};
const char *redzone_kind_name(enum redzone_kind kind);

struct redzone_fault {
    enum redzone_kind kind;
    const void *block;
    size_t size;        // that it was allocated with, or claimed if the front was overwritten
    const void *caller; // who allocated it; NULL if the front was overwritten
    const void *at;     // the first byte that is not as it was; NULL for a wrong size
};

struct redzone {
    struct allocator inner;
    size_t faults;              // found so far
    struct redzone_fault fault; // the latest
    // Called at each fault; NULL: none. If it returns, the operation goes on.
    void (*hook)(struct redzone *redzone, void *context);
    void *hook_context;
};

// Opens the decorator over `inner`, without a hook.
void redzone_init(struct redzone *redzone, struct allocator inner);

// The decorator as an allocator. It must outlive its use.
struct allocator redzone_allocator(struct redzone *redzone);

// Looks at one block now. What it finds is recorded, and the hook called.
enum redzone_kind redzone_check(struct redzone *redzone, const void *block, size_t size,
                                size_t align);

#ifdef __cplusplus
}
#endif

#endif
