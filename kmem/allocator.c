// SPDX-License-Identifier: MIT
// The calls of allocator.h. They are functions, not inline, because only so the return address is
// the caller's at every optimisation level.
#include "kmem/allocator.h"

#include <stdint.h>

#define CALLER __builtin_return_address(0)

void *allocator_alloc(const struct allocator *allocator, size_t size, size_t align)
{
    return allocator->operations->alloc(allocator->context, size, align, CALLER);
}

void *allocator_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                         const void *caller)
{
    return allocator->operations->alloc(allocator->context, size, align, caller);
}

void *allocator_alloc_array(const struct allocator *allocator, size_t count, size_t size,
                            size_t align)
{
    size_t total = size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;

    return allocator->operations->alloc(allocator->context, total, align, CALLER);
}

bool allocator_resize(const struct allocator *allocator, void *block, size_t old_size,
                      size_t new_size, size_t align)
{
    return allocator->operations->resize(allocator->context, block, old_size, new_size, align,
                                         CALLER);
}

void *allocator_remap(const struct allocator *allocator, void *block, size_t old_size,
                      size_t new_size, size_t align)
{
    bool resized = allocator->operations->resize(allocator->context, block, old_size, new_size,
                                                 align, CALLER);

    return resized ? block : NULL;
}

void allocator_free(const struct allocator *allocator, void *block, size_t size, size_t align)
{
    if (block)
        allocator->operations->free(allocator->context, block, size, align, CALLER);
}
