// SPDX-License-Identifier: MIT
// The life of an early heap beside serving blocks: fba_handoff.h. Everything here is rare, so it
// stands apart from fba.c, and needs nothing of it but its public functions.
#include "fba_handoff.h"

#include "fba_account.h"

static bool has_marks(const struct fba *fba)
{
    return fba->lower.depth != fba->reset_depth || fba->upper.depth != fba->reset_depth;
}

static uintptr_t min_address(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

static uintptr_t max_address(uintptr_t a, uintptr_t b)
{
    return a > b ? a : b;
}

enum fba_status fba_split_tail(struct fba *fba, size_t size, struct fba *tail)
{
    enum fba_status status = fba_status(fba);

    *tail = (struct fba){0};
    if (status != FBA_OK)
        return status;
    if (fba->upper.edge != fba->end || fba->upper.depth != fba->reset_depth)
        return FBA_BUSY;
    if (size >= fba->end - fba->lower.edge)
        return FBA_EXHAUSTED;

    uintptr_t start = fba->end - size;
    (void)fba_init_zeroed(tail, (void *)start, size);
    tail->lower.watermark = max_address(fba->lower.watermark, start - 1);
    tail->upper.watermark = max_address(fba->upper.watermark, start);
    fba->lower.watermark = min_address(fba->lower.watermark, start);
    fba->upper.watermark = min_address(fba->upper.watermark, start);
    fba->upper.edge = fba->upper.bound = fba->end = start;
    fba->least_gap = fba->least_gap > size ? fba->least_gap - size : 1;
    fba->fast_free_limit = 0;
    return FBA_OK;
}

// ── From one place to another ───────────────────────────────────────────────────────────────────

// Adds a distance, which may be negative modulo 2^n, to the addresses of an end.
static void move_end(struct fba_end *end, uintptr_t distance)
{
    end->edge += distance;
    end->bound += distance;
    end->watermark += distance;
}

enum fba_status fba_rebase(struct fba *fba, void *buffer)
{
    struct fba other; // only to learn whether a buffer may lie there
    uintptr_t distance = (uintptr_t)buffer - fba->base;

    if (fba->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (fba->state == FBA_STATE_SHARED || has_marks(fba))
        return FBA_BUSY;
    if (fba_init(&other, buffer, fba->end - fba->base) != FBA_OK)
        return FBA_BAD_BUFFER;
    move_end(&fba->lower, distance);
    move_end(&fba->upper, distance);
    fba->base += distance;
    fba->end += distance;
    fba->adopted += distance;
    fba->fast_free_limit = 0;
    return FBA_OK;
}

enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    if (has_marks(fba) || fba->upper.edge != fba->end)
        return FBA_BUSY;

    // An unknown buffer has its lower watermark one byte beyond it.
    uintptr_t high = max_address(fba->lower.watermark, fba->lower.edge);
    numbers->size = fba->end - fba->base;
    numbers->used = fba->lower.edge + 1 - fba->base;
    numbers->peak = fba_peak(fba);
    numbers->high = (high < fba->end ? high + 1 : fba->end) - fba->base;
    numbers->low = fba->upper.watermark - fba->base;
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
    fba->lower.edge += (uintptr_t)numbers->used;
    fba->lower.bound = fba->adopted = fba->lower.edge;
    fba->lower.watermark += (uintptr_t)numbers->high;
    fba->upper.watermark = fba->base + (uintptr_t)numbers->low;
    fba->least_gap -= (uintptr_t)numbers->peak;
    return FBA_OK;
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────

// Where the granule that `address` lies in begins.
static uintptr_t granule_start(uintptr_t address, size_t granule)
{
    return address & ~(granule - 1);
}

// The whole granules behind what stays; if there is none, nothing at the end.
static struct fba_range free_granules(const struct fba *fba, size_t granule)
{
    uintptr_t before = fba_byte_before_(fba->lower.edge, granule);
    uintptr_t end = granule_start(fba->end, granule);

    if (before >= end || before + 1 == end)
        return (struct fba_range){.start = fba->end, .end = fba->end};
    return (struct fba_range){.start = before + 1, .end = end};
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
    ranges->permanent = (struct fba_range){.start = fba->base, .end = free.start};
    ranges->free = free;
    ranges->rest = (struct fba_range){.start = free.end, .end = fba->end};
    fba->least_gap = fba_capacity(fba) + 1 - fba_peak(fba);
    fba->lower.bound = free.start - 1;
    fba->upper.bound = free.end;
    fba->upper.edge = fba->lower.edge;
    fba->fast_free_limit = 0;
    fba->state = FBA_STATE_SEALED;
    return FBA_OK;
}
