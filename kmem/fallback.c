// SPDX-License-Identifier: MIT
// The composition of fallback.h.
#include "fallback.h"

#include "fba_account.h"
#include "fba_allocator.h"

static bool has_second(const struct fallback *fallback)
{
    return fallback->second.operations != NULL;
}

// Whether the first serves a request of this size. Zero bytes in a full buffer may as well come
// from the second.
static bool is_for_first(const struct fallback *fallback, size_t size, size_t align)
{
    if (!has_second(fallback))
        return true;
    size_t available = allocator_available(&fallback->front, align);
    return available != 0 && size <= available;
}

static const struct allocator *owner_of(const struct fallback *fallback, const void *block,
                                        size_t size)
{
    bool is_first = !has_second(fallback) || fba_owns_range(fallback->first, block, size);

    return is_first ? &fallback->front : &fallback->second;
}

static void *fallback_alloc(void *context, size_t size, size_t align, const void *caller)
{
    const struct fallback *fallback = context;
    void *block = NULL;

    if (is_for_first(fallback, size, align))
        block = fallback->front.operations->alloc(fallback->front.context, size, align, caller);
    if (!block && has_second(fallback))
        block = fallback->second.operations->alloc(fallback->second.context, size, align, caller);
    return block;
}

static bool fallback_resize(void *context, void *block, size_t old_size, size_t new_size,
                            size_t align, const void *caller)
{
    const struct allocator *owner = owner_of(context, block, old_size);

    return owner->operations->resize(owner->context, block, old_size, new_size, align, caller);
}

static void fallback_free_block(void *context, void *block, size_t size, size_t align,
                                const void *caller)
{
    const struct allocator *owner = owner_of(context, block, size);

    owner->operations->free(owner->context, block, size, align, caller);
}

static size_t fallback_available(void *context, size_t align)
{
    const struct fallback *fallback = context;
    size_t first = allocator_available(&fallback->front, align);
    size_t second = has_second(fallback) ? allocator_available(&fallback->second, align) : 0;

    return first > second ? first : second;
}

struct allocator fallback_allocator(struct fallback *fallback)
{
    static const struct allocator_operations operations = {fallback_alloc, fallback_resize,
                                                           fallback_free_block, fallback_available};

    if (!fallback->front.operations)
        fallback->front = fba_allocator(fallback->first);
    return (struct allocator){&operations, fallback};
}
