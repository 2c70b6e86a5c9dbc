// SPDX-License-Identifier: MIT
// allocator: the interface through which code is written against any allocator. Containers and
// decorators take a `struct allocator *`; fba_allocator.h makes one of an fba.
//
// Every call hands on the address of the call site, so that an account or a failure record names
// who asked, through any number of decorators.
#ifndef KMEM_ALLOCATOR_H
#define KMEM_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define ALLOCATOR_ALIGNOF(type) alignof(type)
#else
#define ALLOCATOR_ALIGNOF(type) _Alignof(type)
#endif

// For functions that hand on who called them: never inlined, not even by a link-time optimiser, so
// that they have a return address. WebAssembly has none: NULL.
#define ALLOCATOR_CALLED __attribute__((noinline))
#ifdef __wasm__
#define ALLOCATOR_CALLER NULL
#else
#define ALLOCATOR_CALLER __builtin_return_address(0)
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

// The same on behalf of `caller`: for containers, whose own address would tell nobody anything.
void *allocator_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                         const void *caller);

// Typed forms.
#define allocator_new(allocator, type)                                                             \
    ((type *)allocator_alloc((allocator), sizeof(type), ALLOCATOR_ALIGNOF(type)))
#define allocator_new_array(allocator, type, count)                                                \
    ((type *)allocator_alloc_array((allocator), (count), sizeof(type), ALLOCATOR_ALIGNOF(type)))

#ifdef __cplusplus
}
#endif

#endif
