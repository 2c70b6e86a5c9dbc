// SPDX-License-Identifier: MIT
// The decorator of limit.h.
#include "limit.h"

void limit_init(struct limit *limit, struct allocator inner, size_t budget)
{
    *limit = (struct limit){.inner = inner, .budget = budget};
}

static bool is_within(const struct limit *limit, size_t more)
{
    return more <= limit->budget - limit->used;
}

static void use(struct limit *limit, size_t more)
{
    limit->used += more;
    if (limit->used > limit->peak)
        limit->peak = limit->used;
}

// A block given back twice, or with a wrong size, does not turn into an endless budget.
static void give_back(struct limit *limit, size_t size)
{
    limit->used -= size < limit->used ? size : limit->used;
}

static void *limit_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct limit *limit = context;

    if (!is_within(limit, size)) {
        limit->failures++;
        limit->failed_size = size;
        limit->failed_align = align;
        limit->failed_caller = caller;
        return NULL;
    }
    void *block = limit->inner.operations->alloc(limit->inner.context, size, align, caller);
    if (block)
        use(limit, size);
    return block;
}

static bool limit_resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                         const void *caller)
{
    struct limit *limit = context;

    if (new_size > old_size && !is_within(limit, new_size - old_size))
        return false;
    if (!limit->inner.operations->resize(limit->inner.context, block, old_size, new_size, align,
                                         caller))
        return false;
    if (new_size > old_size)
        use(limit, new_size - old_size);
    else
        give_back(limit, old_size - new_size);
    return true;
}

static void limit_free_block(void *context, void *block, size_t size, size_t align,
                             const void *caller)
{
    struct limit *limit = context;

    limit->inner.operations->free(limit->inner.context, block, size, align, caller);
    give_back(limit, size);
}

static size_t limit_available(void *context, size_t align)
{
    const struct limit *limit = context;
    size_t inner = allocator_available(&limit->inner, align);
    size_t budget = limit->budget - limit->used;

    return inner < budget ? inner : budget;
}

struct allocator limit_allocator(struct limit *limit)
{
    static const struct allocator_operations operations = {limit_alloc, limit_resize,
                                                           limit_free_block, limit_available};

    return (struct allocator){&operations, limit};
}
