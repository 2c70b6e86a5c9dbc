// SPDX-License-Identifier: MIT
// The shared mode of fba_shared.h. Whatever is not the fast path of an allocation is decided by
// fba.c itself, on a private view of the allocator; this file only publishes the outcome.
#include "kmem/fba_shared.h"

#include "kmem/atomic.h"

void *memset(void *to, int value, size_t size);

// Never inlined, not even by a link-time optimiser: a function that asks for its return address
// must have one.
#define COLD __attribute__((cold, noinline))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum fba_status fba_shared_begin(struct fba *fba)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    fba->settled = 0;
    fba->retries = 0;
    fba->state = FBA_STATE_SHARED;
    return FBA_OK;
}

void fba_shared_end(struct fba *fba)
{
    if (fba->state == FBA_STATE_SHARED)
        fba->state = FBA_STATE_OPEN;
}

// The allocator as it was when `last` was read, for fba.c to work on: without a hook, and with
// nothing settled, so that a fall of `last` brings `high`, `peak` and `settled` up to date.
static struct fba view_of(const struct fba *fba, uintptr_t last)
{
    return (struct fba){
        .last = last,
        .top = fba->top,
        .floor = fba->floor,
        .base = fba->base,
        .end = fba->end,
        .high = ATOMIC_LOAD(&fba->high),
        .low = fba->low,
        .ceiling = fba->ceiling,
        .reserve = fba->reserve,
        .adopted = fba->adopted,
        .state = fba->state == FBA_STATE_SHARED ? FBA_STATE_OPEN : fba->state,
        .peak = ATOMIC_LOAD(&fba->peak),
    };
}

// Counts a refusal, and writes its record unless another is being written. fba.c finds out why, on
// the little of a view that it looks at when it refuses.
static COLD void *refuse(struct fba *fba, size_t size, size_t align, const void *caller,
                         uintptr_t last)
{
    uintptr_t nobody = 0;
    uintptr_t me = 1;
    struct fba view;

    ATOMIC_COUNT(&fba->failure.count);
    if (!ATOMIC_EXCHANGE_IF(&fba->recording, &nobody, me))
        return NULL;
    view.last = last;
    view.top = fba->top;
    view.reserve = fba->reserve;
    view.adopted = fba->adopted;
    view.state = fba->state == FBA_STATE_SHARED ? FBA_STATE_OPEN : fba->state;
    view.failure.count = 0;
    view.hook = NULL;
    (void)fba_alloc_by(&view, size, align, caller);
    fba->failure.reason = view.failure.reason;
    fba->failure.size = view.failure.size;
    fba->failure.align = view.failure.align;
    fba->failure.available = view.failure.available;
    fba->failure.shortfall = view.failure.shortfall;
    fba->failure.caller = view.failure.caller;
    if (fba->hook)
        fba->hook(fba, fba->hook_context);
    (void)ATOMIC_EXCHANGE_IF(&fba->recording, &me, nobody);
    return NULL;
}

// Whether `size` bytes are more than lie behind the byte `before` and in front of `top`, which
// rests. The carry of the sum is excluded first.
static inline FBA_INLINE bool exceeds(const struct fba *fba, size_t size, uintptr_t before)
{
    return size > UINTPTR_MAX - before || before + size >= fba->top;
}

// Takes [*start, *start + size), or nothing. One try and no loop: what comes after a lost race is
// behind the same jump as a refusal, so that nothing but this stands on the fast path. An alignment
// of 0 makes the mask all ones, and nothing fits behind that.
static inline FBA_INLINE bool take(struct fba *fba, size_t size, size_t align, uintptr_t *start)
{
    uintptr_t last = ATOMIC_LOAD(&fba->last);
    uintptr_t before = fba_byte_before_(last, align);

    if (UNLIKELY(fba_has_several_bits_(align)))
        return false;
    if (UNLIKELY(exceeds(fba, size, before)))
        return false;
    if (UNLIKELY(!ATOMIC_EXCHANGE_IF(&fba->last, &last, before + size)))
        return false;
    *start = before + 1;
    return true;
}

// What take() did not get: there is no room, or another was faster, and each further try is
// counted.
static COLD void *take_slowly(struct fba *fba, size_t size, size_t align, const void *caller)
{
    uintptr_t last = ATOMIC_LOAD(&fba->last);

    while (!fba_has_several_bits_(align)) {
        uintptr_t before = fba_byte_before_(last, align);

        if (exceeds(fba, size, before))
            break;
        ATOMIC_COUNT(&fba->retries);
        if (ATOMIC_EXCHANGE_IF(&fba->last, &last, before + size))
            return (void *)(before + 1);
    }
    return refuse(fba, size, align, caller, last);
}

void *fba_shared_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return take_slowly(fba, size, align, caller);
    return (void *)start;
}

FBA_CALLED void *fba_shared_alloc(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return take_slowly(fba, size, align, FBA_CALLER);
    return (void *)start;
}

// Whether a block just taken was never handed out before, nor scratch.
static inline FBA_INLINE bool is_fresh(const struct fba *fba, uintptr_t start, size_t size)
{
    return start > ATOMIC_LOAD(&fba->high) && start + size <= fba->low;
}

static COLD void *clear(uintptr_t start, size_t size)
{
    memset((void *)start, 0, size);
    return (void *)start;
}

static COLD void *take_zeroed_slowly(struct fba *fba, size_t size, size_t align, const void *caller)
{
    uintptr_t start = (uintptr_t)take_slowly(fba, size, align, caller);

    return start == 0 || is_fresh(fba, start, size) ? (void *)start : clear(start, size);
}

FBA_CALLED void *fba_shared_alloc_zeroed(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return take_zeroed_slowly(fba, size, align, FBA_CALLER);
    if (UNLIKELY(!is_fresh(fba, start, size)))
        return clear(start, size);
    return (void *)start;
}

static void raise_to(uintptr_t *mark, uintptr_t value)
{
    uintptr_t found = ATOMIC_LOAD(mark);

    while (found < value && !ATOMIC_EXCHANGE_IF(mark, &found, value))
        ;
}

// Publishes what fba.c did to the view. The watermarks rise before `last` falls.
static bool publish(struct fba *fba, const struct fba *view, uintptr_t *last)
{
    raise_to(&fba->high, view->high);
    raise_to(&fba->peak, view->peak);
    raise_to(&fba->settled, view->settled); // which promises what the watermarks are now
    if (ATOMIC_EXCHANGE_IF(&fba->last, last, view->last))
        return true;
    ATOMIC_COUNT(&fba->retries);
    return false;
}

static COLD enum fba_status free_slowly(struct fba *fba, void *block, size_t size)
{
    uintptr_t last = ATOMIC_LOAD(&fba->last);

    for (;;) {
        struct fba view = view_of(fba, last);
        enum fba_status status = fba_free(&view, block, size);
        if (status != FBA_OK || publish(fba, &view, &last))
            return status;
    }
}

enum fba_status fba_shared_free(struct fba *fba, void *block, size_t size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t block_last = before + size;
    uintptr_t last = block_last;

    if (block_last < before || before < fba->floor || block_last >= ATOMIC_LOAD(&fba->settled) ||
        !ATOMIC_EXCHANGE_IF(&fba->last, &last, before))
        return free_slowly(fba, block, size);
    return FBA_OK;
}

static COLD enum fba_status resize_slowly(struct fba *fba, void *block, size_t old_size,
                                          size_t new_size)
{
    uintptr_t last = ATOMIC_LOAD(&fba->last);

    for (;;) {
        struct fba view = view_of(fba, last);
        enum fba_status status = fba_resize(&view, block, old_size, new_size);
        if (status != FBA_OK || view.last == last || publish(fba, &view, &last))
            return status;
    }
}

// The fast path is growth.
enum fba_status fba_shared_resize(struct fba *fba, void *block, size_t old_size, size_t new_size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t block_last = before + old_size;
    uintptr_t last = block_last;

    if (block_last < before || before < fba->floor || new_size <= old_size ||
        new_size >= fba->top - before || !ATOMIC_EXCHANGE_IF(&fba->last, &last, before + new_size))
        return resize_slowly(fba, block, old_size, new_size);
    return FBA_OK;
}

static void *alloc(void *context, size_t size, size_t align, const void *caller)
{
    return fba_shared_alloc_by(context, size, align, caller);
}

static bool resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                   const void *caller)
{
    (void)align;
    (void)caller;
    return fba_shared_resize(context, block, old_size, new_size) == FBA_OK;
}

static void free_block(void *context, void *block, size_t size, size_t align, const void *caller)
{
    (void)align;
    (void)caller;
    fba_shared_free(context, block, size);
}

struct allocator fba_shared_allocator(struct fba *fba)
{
    static const struct allocator_operations operations = {alloc, resize, free_block};

    return (struct allocator){&operations, fba};
}
