// SPDX-License-Identifier: MIT
// The calls of allocator.h.
#include "allocator.h"

FBA_CALLED void *allocator_alloc(const struct allocator *allocator, size_t size, size_t align)
{
    return allocator->operations->alloc(allocator->context, size, align, FBA_CALLER);
}

void *allocator_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                         const void *caller)
{
    return allocator->operations->alloc(allocator->context, size, align, caller);
}

FBA_CALLED void *allocator_alloc_array(const struct allocator *allocator, size_t count, size_t size,
                                       size_t align)
{
    return allocator->operations->alloc(allocator->context, fba_array_size(count, size), align,
                                        FBA_CALLER);
}

FBA_CALLED bool allocator_resize(const struct allocator *allocator, void *block, size_t old_size,
                                 size_t new_size, size_t align)
{
    return allocator->operations->resize(allocator->context, block, old_size, new_size, align,
                                         FBA_CALLER);
}

FBA_CALLED void *allocator_remap(const struct allocator *allocator, void *block, size_t old_size,
                                 size_t new_size, size_t align)
{
    bool resized = allocator->operations->resize(allocator->context, block, old_size, new_size,
                                                 align, FBA_CALLER);

    return resized ? block : NULL;
}

FBA_CALLED void allocator_free(const struct allocator *allocator, void *block, size_t size,
                               size_t align)
{
    if (block)
        allocator->operations->free(allocator->context, block, size, align, FBA_CALLER);
}

size_t allocator_available(const struct allocator *allocator, size_t align)
{
    return allocator->operations->available(allocator->context, align);
}
