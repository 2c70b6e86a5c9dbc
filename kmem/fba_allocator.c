// SPDX-License-Identifier: MIT
// The two tables behind fba_allocator.h.
#include "fba_allocator.h"

#include "fba_account.h"
#include "fba_inline.h"

// The fast paths stand here once more, so that a call through the table is a single call.
static void *lower_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct fba *fba = context;
    void *block = fba_take_(fba, size, align);

    return block ? block : fba_alloc_by(fba, size, align, caller);
}

static bool lower_resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                         const void *caller)
{
    (void)align;
    (void)caller;
    return fba_resize_inline(context, block, old_size, new_size) == FBA_OK;
}

static void lower_free_block(void *context, void *block, size_t size, size_t align,
                             const void *caller)
{
    (void)align;
    (void)caller;
    (void)fba_free_inline(context, block, size);
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
    (void)fba_scratch_free(context, block, size);
}

static size_t lower_available(void *context, size_t align)
{
    return fba_available(context, align);
}

struct allocator fba_allocator(struct fba *fba)
{
    static const struct allocator_operations operations = {lower_alloc, lower_resize,
                                                           lower_free_block, lower_available};

    return (struct allocator){&operations, fba};
}

struct allocator fba_scratch_allocator(struct fba *fba)
{
    static const struct allocator_operations operations = {scratch_alloc, scratch_resize,
                                                           scratch_free, lower_available};

    return (struct allocator){&operations, fba};
}
