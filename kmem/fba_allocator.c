// SPDX-License-Identifier: MIT
// The two tables behind fba_allocator.h.
#include "kmem/fba_allocator.h"

static void *alloc(void *context, size_t size, size_t align, const void *caller)
{
    return fba_alloc_by(context, size, align, caller);
}

static bool resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                   const void *caller)
{
    (void)align;
    (void)caller;
    return fba_resize_inline(context, block, old_size, new_size) == FBA_OK;
}

static void free_block(void *context, void *block, size_t size, size_t align, const void *caller)
{
    (void)align;
    (void)caller;
    fba_free(context, block, size);
}

static void *scratch_alloc(void *context, size_t size, size_t align, const void *caller)
{
    return fba_scratch_alloc_by(context, size, align, caller);
}

static bool scratch_resize(void *context, void *block, size_t old_size, size_t new_size,
                           size_t align, const void *caller)
{
    (void)context;
    (void)block;
    (void)align;
    (void)caller;
    return new_size <= old_size;
}

static void scratch_free(void *context, void *block, size_t size, size_t align, const void *caller)
{
    (void)align;
    (void)caller;
    fba_scratch_free(context, block, size);
}

struct allocator fba_allocator(struct fba *fba)
{
    static const struct allocator_operations operations = {alloc, resize, free_block};

    return (struct allocator){&operations, fba};
}

struct allocator fba_scratch_allocator(struct fba *fba)
{
    static const struct allocator_operations operations = {scratch_alloc, scratch_resize,
                                                           scratch_free};

    return (struct allocator){&operations, fba};
}
