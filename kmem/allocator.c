// SPDX-License-Identifier: MIT
// The calls of allocator.h.
#include "kmem/allocator.h"

#include <stdint.h>

ALLOCATOR_CALLED void *allocator_alloc(const struct allocator *allocator, size_t size, size_t align)
{
    return allocator->operations->alloc(allocator->context, size, align, ALLOCATOR_CALLER);
}

void *allocator_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                         const void *caller)
{
    return allocator->operations->alloc(allocator->context, size, align, caller);
}

ALLOCATOR_CALLED void *allocator_alloc_array(const struct allocator *allocator, size_t count,
                                             size_t size, size_t align)
{
    size_t total = size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;

    return allocator->operations->alloc(allocator->context, total, align, ALLOCATOR_CALLER);
}

ALLOCATOR_CALLED bool allocator_resize(const struct allocator *allocator, void *block,
                                       size_t old_size, size_t new_size, size_t align)
{
    return allocator->operations->resize(allocator->context, block, old_size, new_size, align,
                                         ALLOCATOR_CALLER);
}

ALLOCATOR_CALLED void *allocator_remap(const struct allocator *allocator, void *block,
                                       size_t old_size, size_t new_size, size_t align)
{
    bool resized = allocator->operations->resize(allocator->context, block, old_size, new_size,
                                                 align, ALLOCATOR_CALLER);

    return resized ? block : NULL;
}

ALLOCATOR_CALLED void allocator_free(const struct allocator *allocator, void *block, size_t size,
                                     size_t align)
{
    if (block)
        allocator->operations->free(allocator->context, block, size, align, ALLOCATOR_CALLER);
}
