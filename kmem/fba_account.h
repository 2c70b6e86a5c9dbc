// SPDX-License-Identifier: MIT
// fba_account: what an fba has and had, and why a request failed: derived from the fields of fba.h
// when asked for, so that alloc and free do not pay for it. Nothing but this header.
#ifndef KMEM_FBA_ACCOUNT_H
#define KMEM_FBA_ACCOUNT_H

#include "fba.h"

// Figures in bytes; 0 for an allocator that is not ready.

// Of the buffer.
static inline size_t fba_capacity(const struct fba *fba)
{
    return fba->end - fba->base;
}

// Permanent blocks, padding included.
static inline size_t fba_used(const struct fba *fba)
{
    return fba->base == 0 ? 0 : fba->lower.edge + 1 - fba->base;
}

// Scratch, padding included; 0 once sealed.
static inline size_t fba_scratch_used(const struct fba *fba)
{
    return fba->state == FBA_STATE_OPEN ? fba->end - fba->upper.edge : 0;
}

// The most that both together ever were; after fba_split_tail() at most the capacity.
static inline size_t fba_peak(const struct fba *fba)
{
    uintptr_t gap = fba->upper.edge - fba->lower.edge;
    bool is_new = fba->state == FBA_STATE_OPEN && gap < fba->least_gap;

    return fba->base == 0 ? 0 : fba_capacity(fba) + 1 - (is_new ? gap : fba->least_gap);
}

// Whether all of [block, block + size) lies in the buffer; once sealed, in a part of it that stays.
static inline bool fba_owns_range(const struct fba *fba, const void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;

    if (fba->base == 0 || start < fba->base || start > fba->end || size > fba->end - start)
        return false;
    return fba->state != FBA_STATE_SEALED || start >= fba->upper.bound ||
           (start <= fba->lower.bound && size <= fba->lower.bound + 1 - start);
}

// The same of an address.
static inline bool fba_owns(const struct fba *fba, const void *block)
{
    return fba_owns_range(fba, block, 1);
}

// The largest size that fits between two edges at an alignment; 0 if none or no power of two.
static inline size_t fba_room_(uintptr_t lower, uintptr_t upper, size_t align)
{
    uintptr_t before = fba_byte_before_(lower, align);
    bool is_power_of_two = align != 0 && !fba_has_several_bits_(align);

    return is_power_of_two && before < upper ? upper - before - 1 : 0;
}

// The largest size that fba_alloc() would serve at this alignment; 0 if none or no power of two.
static inline size_t fba_available(const struct fba *fba, size_t align)
{
    return fba_room_(fba->lower.edge, fba->upper.edge, align);
}

// The account of the newest failure. Both ends fail alike: what fits upward from the lower edge
// fits downward from the upper one.
struct fba_explanation {
    enum fba_status reason; // FBA_OK: nothing has failed yet
    size_t available;       // bytes that this alignment could have got at that moment
    size_t shortfall;       // bytes by which the buffer was too short; SIZE_MAX if beyond counting;
                            // 0 if the reason is not a lack of room
};

static inline struct fba_explanation fba_explain(const struct fba *fba)
{
    const struct fba_failure *failure = &fba->failure;
    size_t align = failure->align;
    uintptr_t before = fba_byte_before_(failure->lower, align);
    uintptr_t beyond = before < failure->upper ? 0 : before - failure->upper + 1;
    struct fba_explanation explanation = {FBA_OK, 0, 0};
    uintptr_t lowest = 0;
    bool could_fit = false;

    if (failure->count == 0)
        return explanation;
    if (failure->lower == failure->upper) {
        explanation.reason = fba_status(fba);
        return explanation;
    }
    if (align == 0 || fba_has_several_bits_(align)) {
        explanation.reason = FBA_BAD_ALIGNMENT;
        return explanation;
    }
    lowest = fba_byte_before_(fba->adopted, align);
    could_fit = lowest < fba->end && failure->size < fba->end - lowest;
    explanation.reason = could_fit ? FBA_EXHAUSTED : FBA_TOO_LARGE;
    explanation.available = fba_room_(failure->lower, failure->upper, align);
    explanation.shortfall = failure->size - explanation.available;
    if (explanation.shortfall > SIZE_MAX - beyond)
        beyond = SIZE_MAX - explanation.shortfall;
    explanation.shortfall += beyond;
    return explanation;
}

#endif
