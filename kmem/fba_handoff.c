// SPDX-License-Identifier: MIT
// The end of an early heap, and what comes before it: fba_handoff.h. Everything here is rare, so it
// stands apart from fba.c, and needs nothing of it but its public functions.
#include "kmem/fba_handoff.h"

static bool has_marks(const struct fba *fba)
{
    return fba->innermost != 0 || fba->innermost_scratch != 0;
}

// ── Panic reserve ───────────────────────────────────────────────────────────────────────────────

enum fba_status fba_set_reserve(struct fba *fba, size_t size)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    if (fba->top != fba->end || fba->innermost_scratch != 0)
        return FBA_BUSY;
    if (size >= fba->top - fba->last)
        return FBA_EXHAUSTED;
    fba->top = fba->ceiling = fba->reserve = fba->end - size;
    fba->reserve_last = fba->reserve - 1;
    return FBA_OK;
}

// The reserve is an allocator of its own for as long as a call lasts, over [reserve, end).
FBA_CALLED void *fba_reserve_alloc(struct fba *fba, size_t size, size_t align)
{
    struct fba reserve; // not ready if `fba` is not

    fba_init(&reserve, (void *)fba->reserve, fba->end - fba->reserve);
    reserve.last = fba->reserve_last;
    reserve.failure.count = fba->failure.count;

    void *block = fba_alloc_by(&reserve, size, align, FBA_CALLER);

    if (block) {
        fba->reserve_last = reserve.last;
        return block;
    }
    fba->failure = reserve.failure;
    if (fba->hook)
        fba->hook(fba, fba->hook_context);
    return NULL;
}

// ── From one place to another ───────────────────────────────────────────────────────────────────

enum fba_status fba_rebase(struct fba *fba, void *buffer)
{
    struct fba moved; // only to hear whether a buffer may lie there
    uintptr_t distance = (uintptr_t)buffer - fba->base; // modulo 2^n, either direction

    if (fba->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (fba->state == FBA_STATE_SHARED || has_marks(fba))
        return FBA_BUSY;
    if (fba_init(&moved, buffer, fba->end - fba->base) != FBA_OK)
        return FBA_BAD_BUFFER;
    fba->last += distance;
    fba->top += distance;
    fba->floor += distance;
    fba->settled = 0;
    fba->base += distance;
    fba->end += distance;
    fba->high += distance;
    fba->low += distance;
    fba->ceiling += distance;
    fba->reserve += distance;
    fba->reserve_last += distance;
    fba->adopted += distance;
    return FBA_OK;
}

enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    if (has_marks(fba) || fba->top != fba->end)
        return FBA_BUSY;

    // An unknown buffer has `high` one byte beyond it.
    uintptr_t high = fba->high > fba->last ? fba->high : fba->last;
    numbers->size = fba->end - fba->base;
    numbers->used = fba->last + 1 - fba->base;
    numbers->peak = fba_peak(fba);
    numbers->high = (high < fba->end ? high + 1 : fba->end) - fba->base;
    numbers->low = fba->low - fba->base;
    return FBA_OK;
}

enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers)
{
    bool contradictory = numbers->used > numbers->peak || numbers->peak > numbers->size ||
                         numbers->used > numbers->high || numbers->high > numbers->size ||
                         numbers->low > numbers->size;
    bool too_large = numbers->size > SIZE_MAX;
    // Without a buffer it is not ready.
    enum fba_status status =
        fba_init_zeroed(fba, contradictory || too_large ? NULL : buffer, (size_t)numbers->size);

    if (contradictory && !too_large)
        return FBA_BAD_NUMBERS;
    if (status != FBA_OK)
        return status;
    fba->last += (uintptr_t)numbers->used;
    fba->floor = fba->adopted = fba->last;
    fba->peak = (size_t)numbers->peak;
    fba->high += (uintptr_t)numbers->high;
    fba->low = fba->base + (uintptr_t)numbers->low;
    return FBA_OK;
}

enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    if (granule == 0 || (granule & (granule - 1)) != 0)
        return FBA_BAD_ALIGNMENT;
    if (has_marks(fba))
        return FBA_BUSY;

    uintptr_t permanent_last = fba->last | (granule - 1);
    uintptr_t free_end = fba->reserve & ~(granule - 1);
    if (permanent_last >= free_end) { // no whole granule is free
        free_end = fba->reserve;
        permanent_last = free_end - 1;
    }
    ranges->permanent.start = fba->base;
    ranges->permanent.end = ranges->free.start = permanent_last + 1;
    ranges->free.end = ranges->reserve.start = free_end;
    ranges->reserve.end = fba->end;
    fba->peak = fba_peak(fba);
    fba->floor = permanent_last + 1 == free_end ? fba->end - 1 : permanent_last;
    fba->ceiling = free_end;
    fba->top = fba->last;
    fba->settled = 0;
    fba->state = FBA_STATE_SEALED;
    return FBA_OK;
}
