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

// Where an address lies once the buffer begins at `to` and no longer at `from`. Either may be the
// larger: the sum is right modulo 2^n.
static uintptr_t moved(uintptr_t address, uintptr_t from, uintptr_t to)
{
    return address - from + to;
}

enum fba_status fba_rebase(struct fba *fba, void *buffer)
{
    struct fba other; // only to hear whether a buffer may lie there
    uintptr_t from = fba->base, to = (uintptr_t)buffer;

    if (fba->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (fba->state == FBA_STATE_SHARED || has_marks(fba))
        return FBA_BUSY;
    if (fba_init(&other, buffer, fba->end - fba->base) != FBA_OK)
        return FBA_BAD_BUFFER;
    fba->last = moved(fba->last, from, to);
    fba->top = moved(fba->top, from, to);
    fba->floor = moved(fba->floor, from, to);
    fba->settled = 0;
    fba->base = to;
    fba->end = moved(fba->end, from, to);
    fba->high = moved(fba->high, from, to);
    fba->low = moved(fba->low, from, to);
    fba->ceiling = moved(fba->ceiling, from, to);
    fba->reserve = moved(fba->reserve, from, to);
    fba->reserve_last = moved(fba->reserve_last, from, to);
    fba->adopted = moved(fba->adopted, from, to);
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

// Where the granule that `address` lies in begins.
static uintptr_t granule_start(uintptr_t address, size_t granule)
{
    return address & ~(granule - 1);
}

// The whole granules between what stays and the reserve; if there is none, nothing at the reserve.
static struct fba_range free_granules(const struct fba *fba, size_t granule)
{
    uintptr_t before = fba_byte_before_(fba->last, granule);
    uintptr_t end = granule_start(fba->reserve, granule);

    if (before >= end)
        return (struct fba_range){.start = fba->reserve, .end = fba->reserve};
    return (struct fba_range){.start = before + 1, .end = end};
}

static void divide(const struct fba *fba, struct fba_range free, struct fba_ranges *ranges)
{
    ranges->permanent.start = fba->base;
    ranges->permanent.end = ranges->free.start = free.start;
    ranges->free.end = ranges->reserve.start = free.end;
    ranges->reserve.end = fba->end;
}

enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    if (granule == 0 || fba_has_several_bits_(granule))
        return FBA_BAD_ALIGNMENT;
    if (has_marks(fba))
        return FBA_BUSY;

    struct fba_range free = free_granules(fba, granule);
    fba->peak = fba_peak(fba);
    divide(fba, free, ranges);
    fba->floor = (free.start < free.end ? free.start : fba->end) - 1;
    fba->ceiling = free.end;
    fba->top = fba->last;
    fba->settled = 0;
    fba->state = FBA_STATE_SEALED;
    return FBA_OK;
}
