// SPDX-License-Identifier: MIT
// range: half-open ranges of addresses or offsets, made of a base and a length that firmware or a
// file has given. Only range_of() adds the two, and it fails where the sum wraps; what compares
// ranges compares differences, which cannot.
#ifndef BOOT_RANGE_H
#define BOOT_RANGE_H

#include "arch/x86_64/page.h"

#include <stdbool.h>
#include <stdint.h>

// [start, end); empty iff they are equal.
struct range {
    uint64_t start, end;
};

// Sets `range` to [base, base + size). Returns false, and changes nothing, iff the sum wraps.
static inline bool range_of(struct range *range, uint64_t base, uint64_t size)
{
    if (size > UINT64_MAX - base)
        return false;
    *range = (struct range){base, base + size};
    return true;
}

// Sets `range` to the whole pages of 4 KiB that [base, base + size) touches; none if it is empty.
// Returns false, and changes nothing, iff that wraps.
static inline bool range_of_pages(struct range *range, uint64_t base, uint64_t size)
{
    struct range bytes;

    if (!range_of(&bytes, base, size) || bytes.end > UINT64_MAX - (PAGE_SIZE - 1))
        return false;
    uint64_t start = page_round_down(base, PAGE_SIZE);
    *range = (struct range){start, size == 0 ? start : page_round_up(bytes.end, PAGE_SIZE)};
    return true;
}

static inline uint64_t range_size(struct range range)
{
    return range.end - range.start;
}

// Whether [start, start + size), which may wrap, lies in `range`.
static inline bool range_has(struct range range, uint64_t start, uint64_t size)
{
    return start >= range.start && start <= range.end && size <= range.end - start;
}

// Whether two ranges share a byte.
static inline bool range_overlaps(struct range a, struct range b)
{
    return a.start < a.end && b.start < b.end && a.start < b.end && b.start < a.end;
}

#endif
