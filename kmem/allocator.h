// SPDX-License-Identifier: MIT
// allocator: the interface through which code is written against any allocator. Containers and
// decorators take a `struct allocator *`; fba_allocator.h makes one of an fba.
//
// Every call hands on the address of the call site, so that an account or a failure record names
// who asked, through any number of decorators.
#ifndef KMEM_ALLOCATOR_H
#define KMEM_ALLOCATOR_H

#include "fba_inline.h" // FBA_CALLED, FBA_CALLER, FBA_ALIGNOF

#ifdef __cplusplus
extern "C" {
#endif

// What an allocator supplies. Sizes are bytes, `align` is what the block was allocated with.
struct allocator_operations {
    // A block, or NULL.
    void *(*alloc)(void *context, size_t size, size_t align, const void *caller);
    // Whether the block now has `new_size` bytes where it stands.
    bool (*resize)(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                   const void *caller);
    // Takes the block back, which may give nothing back.
    void (*free)(void *context, void *block, size_t size, size_t align, const void *caller);
    // The largest size that `alloc` would serve now at this alignment; SIZE_MAX if that is unknown.
    size_t (*available)(void *context, size_t align);
};

struct allocator {
    const struct allocator_operations *operations;
    void *context;
};

// A block of `size` bytes at a multiple of `align`, or NULL. What else it costs and fails on, the
// allocator behind it says.
void *allocator_alloc(const struct allocator *allocator, size_t size, size_t align);

// As allocator_alloc() for count × size bytes; NULL, and the allocator is asked for SIZE_MAX
// bytes, if the product overflows.
void *allocator_alloc_array(const struct allocator *allocator, size_t count, size_t size,
                            size_t align);

// Whether the block could be given `new_size` bytes where it stands; if not, nothing has changed.
bool allocator_resize(const struct allocator *allocator, void *block, size_t old_size,
                      size_t new_size, size_t align);

// allocator_resize() for callers that would rather have an address: `block`, or NULL.
void *allocator_remap(const struct allocator *allocator, void *block, size_t old_size,
                      size_t new_size, size_t align);

// Gives a block back; NULL is nothing to give back.
void allocator_free(const struct allocator *allocator, void *block, size_t size, size_t align);

// The largest size that allocator_alloc() would serve now at this alignment, for callers that can
// do with less: asking is no failure. SIZE_MAX if the allocator cannot tell.
size_t allocator_available(const struct allocator *allocator, size_t align);

// allocator_alloc() on behalf of `caller`: for containers, whose own address says nothing.
void *allocator_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                         const void *caller);

// Typed forms.
#define allocator_new(allocator, type)                                                             \
    ((type *)allocator_alloc((allocator), sizeof(type), FBA_ALIGNOF(type)))
#define allocator_new_array(allocator, type, count)                                                \
    ((type *)allocator_alloc_array((allocator), (count), sizeof(type), FBA_ALIGNOF(type)))

#ifdef __cplusplus
}
#endif

#endif
