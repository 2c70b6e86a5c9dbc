// SPDX-License-Identifier: MIT
// The shared mode of fba_shared.h. What is not the fast path of an allocation is decided by fba.c
// itself, on a private view of the allocator; this file only publishes the outcome.
#include "fba_shared.h"

#include "atomic.h"
#include "fba_account.h"

void *memset(void *to, int value, size_t size);

enum fba_status fba_shared_begin(struct fba_shared *shared, struct fba *fba)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    *shared = (struct fba_shared){.fba = *fba};
    shared->fba.fast_free_limit = 0;
    *fba = (struct fba){
        .state = FBA_STATE_SHARED, .hook = fba->hook, .hook_context = fba->hook_context};
    return FBA_OK;
}

void fba_shared_end(struct fba_shared *shared, struct fba *fba)
{
    if (fba->state != FBA_STATE_SHARED)
        return;
    *fba = shared->fba;
    shared->fba = (struct fba){0};
}

// The allocator as it was when `edge` was read, for fba.c to work on: without a hook and without a
// fast limit, so that a retreat of the edge brings watermark, gap and limit up to date.
static struct fba view_of(const struct fba *fba, uintptr_t edge)
{
    return (struct fba){
        .lower = {edge, fba->lower.bound, ATOMIC_LOAD(&fba->lower.watermark), fba->lower.depth},
        .upper = fba->upper,
        .base = fba->base,
        .end = fba->end,
        .adopted = fba->adopted,
        .least_gap = ATOMIC_LOAD(&fba->least_gap),
        .state = fba->state,
    };
}

// Counts a failure, and records it unless another one is being recorded.
static FBA_CALLED void *shared_fail(struct fba_shared *shared, size_t size, size_t align,
                                    const void *caller, uintptr_t edge)
{
    struct fba_failure *failure = &shared->fba.failure;
    uintptr_t idle = 0;
    uintptr_t busy = 1;

    ATOMIC_COUNT(&failure->count);
    if (!ATOMIC_EXCHANGE_IF(&shared->recording, &idle, busy))
        return NULL;
    failure->size = size;
    failure->align = align;
    failure->caller = caller;
    failure->lower = edge;
    failure->upper = shared->fba.upper.edge;
    failure->request = FBA_REQUEST_ALLOC;
    if (shared->fba.hook)
        shared->fba.hook(&shared->fba, shared->fba.hook_context);
    (void)ATOMIC_EXCHANGE_IF(&shared->recording, &busy, idle);
    return NULL;
}

// Takes [*before + 1, *before + size], or nothing. One try and no loop: what comes after a lost
// race is behind the same jump as a failure, so that nothing but this stands on the fast path.
static FBA_INLINE bool take(struct fba *fba, size_t size, size_t align, uintptr_t *before)
{
    uintptr_t edge = ATOMIC_LOAD(&fba->lower.edge);

    *before = fba_byte_before_(edge, align);
    return !fba_has_several_bits_(align) && !fba_reaches_(size, *before, fba->upper.edge) &&
           !FBA_UNLIKELY(!ATOMIC_EXCHANGE_IF(&fba->lower.edge, &edge, *before + size));
}

// What take() did not get: there is no room, or another was faster, and each further try is
// counted.
static FBA_CALLED void *take_slowly(struct fba_shared *shared, size_t size, size_t align,
                                    const void *caller)
{
    struct fba *fba = &shared->fba;
    uintptr_t edge = ATOMIC_LOAD(&fba->lower.edge);

    for (;;) {
        uintptr_t before = fba_byte_before_(edge, align);

        if (fba_has_several_bits_(align) || fba_reaches_(size, before, fba->upper.edge))
            return shared_fail(shared, size, align, caller, edge);
        ATOMIC_COUNT(&shared->retries);
        if (ATOMIC_EXCHANGE_IF(&fba->lower.edge, &edge, before + size))
            return fba_block_(before);
    }
}

void *fba_shared_alloc_by(struct fba_shared *shared, size_t size, size_t align, const void *caller)
{
    uintptr_t before;

    if (!take(&shared->fba, size, align, &before))
        return take_slowly(shared, size, align, caller);
    return fba_block_(before);
}

FBA_CALLED void *fba_shared_alloc(struct fba_shared *shared, size_t size, size_t align)
{
    uintptr_t before;

    if (!take(&shared->fba, size, align, &before))
        return take_slowly(shared, size, align, FBA_CALLER);
    return fba_block_(before);
}

// Whether a block just taken was never handed out before, nor scratch.
static FBA_INLINE bool is_fresh(const struct fba *fba, uintptr_t before, size_t size)
{
    return before >= ATOMIC_LOAD(&fba->lower.watermark) && before + size < fba->upper.watermark;
}

static FBA_CALLED void *clear_block(uintptr_t before, size_t size)
{
    memset((void *)(before + 1), 0, size);
    return fba_block_(before);
}

static FBA_CALLED void *take_zeroed_slowly(struct fba_shared *shared, size_t size, size_t align,
                                           const void *caller)
{
    void *block = take_slowly(shared, size, align, caller);
    uintptr_t before = (uintptr_t)block - 1;

    if (!block || is_fresh(&shared->fba, before, size))
        return block;
    return clear_block(before, size);
}

FBA_CALLED void *fba_shared_alloc_zeroed(struct fba_shared *shared, size_t size, size_t align)
{
    uintptr_t before;

    if (!take(&shared->fba, size, align, &before))
        return take_zeroed_slowly(shared, size, align, FBA_CALLER);
    if (FBA_UNLIKELY(!is_fresh(&shared->fba, before, size)))
        return clear_block(before, size);
    return fba_block_(before);
}

static void raise_to(uintptr_t *field, uintptr_t value)
{
    uintptr_t found = ATOMIC_LOAD(field);

    while (found < value && !ATOMIC_EXCHANGE_IF(field, &found, value))
        ;
}

static void lower_to(uintptr_t *field, uintptr_t value)
{
    uintptr_t found = ATOMIC_LOAD(field);

    while (found > value && !ATOMIC_EXCHANGE_IF(field, &found, value))
        ;
}

// Publishes what fba.c did to the view. Watermark and gap are up to date before the edge retreats,
// and before the limit promises that they are.
static bool publish(struct fba_shared *shared, const struct fba *view, uintptr_t *edge)
{
    raise_to(&shared->fba.lower.watermark, view->lower.watermark);
    lower_to(&shared->fba.least_gap, view->least_gap);
    raise_to(&shared->fba.fast_free_limit, view->fast_free_limit);
    if (ATOMIC_EXCHANGE_IF(&shared->fba.lower.edge, edge, view->lower.edge))
        return true;
    ATOMIC_COUNT(&shared->retries);
    return false;
}

static FBA_CALLED enum fba_status free_slowly(struct fba_shared *shared, void *block, size_t size)
{
    uintptr_t edge = ATOMIC_LOAD(&shared->fba.lower.edge);

    for (;;) {
        struct fba view = view_of(&shared->fba, edge);
        enum fba_status status = fba_free(&view, block, size);
        if (status != FBA_OK || !block || publish(shared, &view, &edge))
            return status;
    }
}

enum fba_status fba_shared_free(struct fba_shared *shared, void *block, size_t size)
{
    struct fba *fba = &shared->fba;
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t last = before + size;
    uintptr_t edge = last;

    if (last < before || before < fba->lower.bound || last >= ATOMIC_LOAD(&fba->fast_free_limit) ||
        !ATOMIC_EXCHANGE_IF(&fba->lower.edge, &edge, before))
        return free_slowly(shared, block, size);
    return FBA_OK;
}

static FBA_CALLED enum fba_status shared_resize_slowly(struct fba_shared *shared, void *block,
                                                       size_t old_size, size_t new_size)
{
    uintptr_t edge = ATOMIC_LOAD(&shared->fba.lower.edge);

    for (;;) {
        struct fba view = view_of(&shared->fba, edge);
        enum fba_status status = fba_resize(&view, block, old_size, new_size);
        if (status != FBA_OK || view.lower.edge == edge || publish(shared, &view, &edge))
            return status;
    }
}

// The fast path is growth.
enum fba_status fba_shared_resize(struct fba_shared *shared, void *block, size_t old_size,
                                  size_t new_size)
{
    struct fba *fba = &shared->fba;
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t last = before + old_size;
    uintptr_t edge = last;

    if (last < before || before < fba->lower.bound || new_size <= old_size ||
        new_size >= fba->upper.edge - before ||
        !ATOMIC_EXCHANGE_IF(&fba->lower.edge, &edge, before + new_size))
        return shared_resize_slowly(shared, block, old_size, new_size);
    return FBA_OK;
}

static void *shared_alloc(void *context, size_t size, size_t align, const void *caller)
{
    return fba_shared_alloc_by(context, size, align, caller);
}

static bool shared_resize(void *context, void *block, size_t old_size, size_t new_size,
                          size_t align, const void *caller)
{
    (void)align;
    (void)caller;
    return fba_shared_resize(context, block, old_size, new_size) == FBA_OK;
}

static void shared_free_block(void *context, void *block, size_t size, size_t align,
                              const void *caller)
{
    (void)align;
    (void)caller;
    (void)fba_shared_free(context, block, size);
}

static size_t shared_available(void *context, size_t align)
{
    const struct fba_shared *shared = context;

    return fba_room_(ATOMIC_LOAD(&shared->fba.lower.edge), shared->fba.upper.edge, align);
}

struct allocator fba_shared_allocator(struct fba_shared *shared)
{
    static const struct allocator_operations operations = {shared_alloc, shared_resize,
                                                           shared_free_block, shared_available};

    return (struct allocator){&operations, shared};
}
