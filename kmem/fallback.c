// SPDX-License-Identifier: MIT
// The composition of fallback.h.
#include "fallback.h"

#include "fba_account.h"

static void *fallback_alloc(void *context, size_t size, size_t align, const void *caller)
{
    const struct fallback *fallback = context;
    size_t available = fba_available(fallback->first, align);

    // Zero bytes in a full buffer may as well come from the second.
    if (available != 0 && size <= available)
        return fba_alloc_by(fallback->first, size, align, caller);
    return fallback->second.operations->alloc(fallback->second.context, size, align, caller);
}

static bool fallback_resize(void *context, void *block, size_t old_size, size_t new_size,
                            size_t align, const void *caller)
{
    const struct fallback *fallback = context;

    if (fba_owns_range(fallback->first, block, old_size))
        return fba_resize(fallback->first, block, old_size, new_size) == FBA_OK;
    return fallback->second.operations->resize(fallback->second.context, block, old_size, new_size,
                                               align, caller);
}

static void fallback_free_block(void *context, void *block, size_t size, size_t align,
                                const void *caller)
{
    const struct fallback *fallback = context;

    if (fba_owns_range(fallback->first, block, size))
        (void)fba_free(fallback->first, block, size);
    else
        fallback->second.operations->free(fallback->second.context, block, size, align, caller);
}

static size_t fallback_available(void *context, size_t align)
{
    const struct fallback *fallback = context;
    size_t first = fba_available(fallback->first, align);
    size_t second = allocator_available(&fallback->second, align);

    return first > second ? first : second;
}

struct allocator fallback_allocator(struct fallback *fallback)
{
    static const struct allocator_operations operations = {fallback_alloc, fallback_resize,
                                                           fallback_free_block, fallback_available};

    return (struct allocator){&operations, fallback};
}
