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

// Whether a tail of `size` bytes may be split off, and why not.
static enum fba_status may_split(const struct fba *fba, size_t size)
{
    if (fba->state != FBA_STATE_OPEN)
        return fba_status(fba);
    if (fba->upper.edge != fba->end || fba->upper.depth != fba->reset_depth)
        return FBA_BUSY;
    return size < fba->end - fba->lower.edge ? FBA_OK : FBA_EXHAUSTED;
}

// Takes the last `size` bytes, all of them free, off the buffer of `fba`.
static void shorten(struct fba *fba, size_t size)
{
    fba->end -= size;
    fba->lower.watermark = min_address(fba->lower.watermark, fba->end);
    fba->upper.watermark = min_address(fba->upper.watermark, fba->end);
    fba->upper.edge = fba->upper.bound = fba->end;
    fba->least_gap = fba->least_gap > size ? fba->least_gap - size : 1;
    fba->fast_free_limit = 0;
}

// Opens an allocator over a part of a buffer that had these watermarks.
static void open_part(struct fba *part, uintptr_t start, size_t size, uintptr_t lower_watermark,
                      uintptr_t upper_watermark)
{
    (void)fba_init_zeroed(part, (void *)start, size);
    part->lower.watermark = max_address(lower_watermark, start - 1);
    part->upper.watermark = max_address(upper_watermark, start);
}

enum fba_status fba_split_tail(struct fba *fba, size_t size, struct fba *tail)
{
    enum fba_status status = may_split(fba, size);
    uintptr_t lower_watermark = fba->lower.watermark, upper_watermark = fba->upper.watermark;

    if (status != FBA_OK) {
        (void)fba_init_zeroed(tail, NULL, 0);
        return status;
    }
    shorten(fba, size);
    open_part(tail, fba->end, size, lower_watermark, upper_watermark);
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

// Whether fba_init() takes this buffer.
static bool is_buffer(void *buffer, size_t size)
{
    struct fba fba;

    return fba_init(&fba, buffer, size) == FBA_OK;
}

enum fba_status fba_rebase(struct fba *fba, void *buffer)
{
    uintptr_t distance = (uintptr_t)buffer - fba->base;

    if (fba->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (fba->state == FBA_STATE_SHARED || has_marks(fba))
        return FBA_BUSY;
    if (!is_buffer(buffer, fba->end - fba->base))
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
    size_t peak = fba_peak(fba);
    numbers->size = fba->end - fba->base;
    numbers->used = fba->lower.edge + 1 - fba->base;
    numbers->peak = peak;
    numbers->high = (high < fba->end ? high + 1 : fba->end) - fba->base;
    numbers->low = fba->upper.watermark - fba->base;
    return FBA_OK;
}

// Whether numbers agree with each other.
static bool are_consistent(const struct fba_numbers *numbers)
{
    return numbers->used <= numbers->peak && numbers->peak <= numbers->size &&
           numbers->used <= numbers->high && numbers->high <= numbers->size &&
           numbers->low <= numbers->size;
}

enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers)
{
    bool consistent = are_consistent(numbers), too_large = numbers->size > SIZE_MAX;
    // Without a buffer it is not ready.
    enum fba_status status =
        fba_init_zeroed(fba, consistent && !too_large ? buffer : NULL, (size_t)numbers->size);

    if (!consistent && !too_large)
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

// Covers the buffer, each byte once.
static void find_ranges(const struct fba *fba, size_t granule, struct fba_ranges *ranges)
{
    struct fba_range free = free_granules(fba, granule);

    ranges->permanent = (struct fba_range){.start = fba->base, .end = free.start};
    ranges->free = free;
    ranges->rest = (struct fba_range){.start = free.end, .end = fba->end};
}

// The bounds tell from here on what is permanent: all but [start, end).
static void seal_around(struct fba *fba, uintptr_t start, uintptr_t end)
{
    fba->least_gap = fba_capacity(fba) + 1 - fba_peak(fba);
    fba->lower.bound = start - 1;
    fba->upper.bound = end;
    fba->upper.edge = fba->lower.edge;
    fba->fast_free_limit = 0;
    fba->state = FBA_STATE_SEALED;
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
    find_ranges(fba, granule, ranges);
    seal_around(fba, ranges->free.start, ranges->free.end);
    return FBA_OK;
}
