// SPDX-License-Identifier: MIT
// header: malloc, calloc, realloc and free over any allocator, for interfaces whose free is told
// neither size nor alignment: kmalloc and kfree, C++'s operator delete, the hooks of a library.
// Both stand in two words before each block, so that the allocator behind gets them back. Where
// sizes are known, the allocator itself costs less.
//
// No state of its own: blocks come from the allocator that the call is given, and go back to the
// same. A pointer that came from elsewhere is not recognised.
#ifndef KMEM_HEADER_H
#define KMEM_HEADER_H

#include "allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

// A block for any type, or at a multiple of `align`; zero bytes get a block of their own.
// Beside the block it takes two words, or `align` if that is more.
// Fails iff the allocator has no room, the alignment is 0 or no power of two, or count × size
// overflows: NULL. header_calloc() clears the block: linear in its size.
void *header_malloc(const struct allocator *allocator, size_t size);
void *header_aligned_alloc(const struct allocator *allocator, size_t align, size_t size);
void *header_calloc(const struct allocator *allocator, size_t count, size_t size);

// A block of `new_size` bytes with the alignment and the first bytes of `block`: in place if the
// allocator can, else moved, linear in the copy. From NULL it allocates as header_malloc(); to zero
// bytes it frees and returns NULL.
// Fails iff the allocator has no room: NULL, and `block` is as it was.
void *header_realloc(const struct allocator *allocator, void *block, size_t new_size);

// Gives a block back; NULL is nothing to give back.
void header_free(const struct allocator *allocator, void *block);

// The bytes that a block was asked for with.
size_t header_size(const void *block);

#ifdef __cplusplus
}
#endif

#endif
