// SPDX-License-Identifier: MIT
// The fixed-buffer allocator of fba.h. What a failure costs is never inlined into the fast paths.
#include "fba.h"

// A hosted program gets it from its C library, a kernel brings its own.
void *memset(void *to, int value, size_t size);

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size)
{
    const uintptr_t highest_end = UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD + 1;
    uintptr_t base = (uintptr_t)buffer;

    *fba = (struct fba){0};
    if (base == 0 || base > highest_end || size > highest_end - base)
        return FBA_BAD_BUFFER;
    *fba = (struct fba)FBA_OPEN_(base, size, (uintptr_t)-1);
    return FBA_OK;
}

enum fba_status fba_init(struct fba *fba, void *buffer, size_t size)
{
    enum fba_status status = fba_init_zeroed(fba, buffer, size);

    fba->lower.watermark = fba->end;
    return status;
}

FBA_CALLED enum fba_status fba_status(const struct fba *fba)
{
    static const unsigned char by_state[] = {FBA_NOT_READY, FBA_OK, FBA_BUSY, FBA_SEALED};

    return (enum fba_status)by_state[fba->state];
}

const char *fba_status_name(enum fba_status status)
{
#define NAME(status_, name, meaning) name,
    static const char *const names[] = {FBA_STATUSES(NAME)};

    // Unsigned: the type of an enumeration may be either, and a negative value is unknown too.
    return (unsigned)status < FBA_STATUS_COUNT ? names[(unsigned)status] : "unknown";
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────

void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context)
{
    fba->hook = hook;
    fba->hook_context = context;
}

static FBA_CALLED void *call_hook(struct fba *fba)
{
    fba->hook(fba, fba->hook_context);
    return NULL;
}

// Records a failed request. The call stands at the end, so that no path needs a frame.
static FBA_CALLED void *fail(struct fba *fba, size_t size, size_t align, const void *caller,
                             enum fba_request request)
{
    void *none = NULL;

    fba->failure.count++;
    fba->failure.size = size;
    fba->failure.align = align;
    fba->failure.caller = caller;
    fba->failure.lower = fba->lower.edge;
    fba->failure.upper = fba->upper.edge;
    fba->failure.request = request;
#ifdef __clang__ // which calls what always returns NULL, at the cost of a frame on every path
    __asm__("" : "+r"(none));
#endif
    return FBA_UNLIKELY(fba->hook) ? call_hook(fba) : none;
}

// ── Permanent blocks ────────────────────────────────────────────────────────────────────────────

FBA_CALLED void *fba_alloc(struct fba *fba, size_t size, size_t align)
{
    void *block = fba_take_(fba, size, align);

    return block ? block : fail(fba, size, align, FBA_CALLER, FBA_REQUEST_ALLOC);
}

FBA_CALLED void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller)
{
    void *block = fba_take_(fba, size, align);

    return block ? block : fail(fba, size, align, caller, FBA_REQUEST_ALLOC);
}

// What lies between the watermarks was never handed out. Of the block just taken, the bytes up to
// the lower one may be of blocks that were freed, and those from the upper one on of scratch.
static FBA_CALLED void *clear(const struct fba *fba, size_t size)
{
    uintptr_t end = fba->lower.edge + 1;
    uintptr_t block = end - size, start = block;

    if (start > fba->lower.watermark && start < fba->upper.watermark)
        start = fba->upper.watermark;
    if (end <= fba->upper.watermark && end > fba->lower.watermark)
        end = fba->lower.watermark + 1;
    if (start < end)
        memset((void *)start, 0, end - start);
    return (void *)block;
}

FBA_CALLED void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align)
{
    void *block = fba_take_(fba, size, align);

    if (!block)
        return fail(fba, size, align, FBA_CALLER, FBA_REQUEST_ZEROED);
    if (FBA_UNLIKELY((uintptr_t)block <= fba->lower.watermark ||
                     fba->lower.edge >= fba->upper.watermark))
        return clear(fba, size);
    return block;
}

// What a block is to an allocator that is not open.
static FBA_CALLED enum fba_status find_closed(const struct fba *fba, uintptr_t start)
{
    if (fba->state != FBA_STATE_SEALED)
        return fba_status(fba);
    if (start < fba->base || start >= fba->end)
        return FBA_FOREIGN;
    return start <= fba->lower.bound || start >= fba->upper.bound ? FBA_PERMANENT : FBA_GONE;
}

// Why a block, [before + 1, last], which is not the last one of `end`, cannot be given back to it.
static FBA_CALLED enum fba_status find(const struct fba *fba, uintptr_t before, uintptr_t last,
                                       const struct fba_end *end)
{
    bool lower = end == &fba->lower;
    uintptr_t from = lower ? fba->base : end->edge, to = lower ? end->edge : fba->end - 1;
    uintptr_t start = before + 1;

    if (start == 0)
        return FBA_OK;
    if (fba->state != FBA_STATE_OPEN)
        return find_closed(fba, start);
    if (start < fba->base || start > fba->end)
        return FBA_FOREIGN;
    if (last < before || start < from || last > to)
        return FBA_BAD_BLOCK;
    return (lower ? before < end->bound : last >= end->bound) ? FBA_PROTECTED : FBA_NOT_LAST;
}

// The same of a block behind the bound.
static FBA_CALLED enum fba_status not_last(const struct fba *fba, uintptr_t before, uintptr_t last)
{
    return last < fba->lower.edge ? FBA_NOT_LAST : find(fba, before, last, &fba->lower);
}

// As fba_free(), where watermark or peak may be new. No state but open has a limit above 0.
static FBA_CALLED enum fba_status free_at_peak(struct fba *fba, uintptr_t before, uintptr_t last)
{
    if (last != fba->lower.edge || fba->state != FBA_STATE_OPEN)
        return not_last(fba, before, last);
    fba_note_peak_(fba);
    if (last > fba->lower.watermark)
        fba->lower.watermark = last;
    fba->fast_free_limit = last + 1;
    fba->lower.edge = before;
    return FBA_OK;
}

FBA_CALLED enum fba_status fba_free(struct fba *fba, void *block, size_t size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t last = before + size;

    if (FBA_UNLIKELY(last < before || before < fba->lower.bound))
        return find(fba, before, last, &fba->lower);
    if (FBA_UNLIKELY(last >= fba->fast_free_limit))
        return free_at_peak(fba, before, last);
    if (FBA_UNLIKELY(last != fba->lower.edge))
        return not_last(fba, before, last);
    fba->lower.edge = before;
    return FBA_OK;
}

static FBA_CALLED enum fba_status resize_slowly(const struct fba *fba, uintptr_t before,
                                                uintptr_t last, size_t new_size)
{
    enum fba_status found = find(fba, before, last, &fba->lower);

    if (found == FBA_OK)
        return FBA_FOREIGN; // NULL, which may only be freed
    if (found != FBA_NOT_LAST && found != FBA_PROTECTED)
        return found;
    if (new_size <= last - before)
        return FBA_OK;
    return found == FBA_NOT_LAST && last == fba->lower.edge ? FBA_EXHAUSTED : found;
}

// To shrink the last block is to free its end. It grows behind `before` iff it can behind the edge.
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t last = before + old_size;

    if (FBA_UNLIKELY(last < before || last != fba->lower.edge || before < fba->lower.bound ||
                     new_size >= fba->upper.edge - before))
        return resize_slowly(fba, before, last, new_size);
    if (FBA_UNLIKELY(new_size <= old_size))
        return fba_free(fba, (void *)(before + 1 + new_size), old_size - new_size);
    fba->lower.edge = before + new_size;
    return FBA_OK;
}

// ── Scratch ─────────────────────────────────────────────────────────────────────────────────────

// Is told the alignment less one, which spares the fast path a register.
static FBA_CALLED void *fail_scratch(struct fba *fba, size_t size, size_t mask, const void *caller)
{
    return fail(fba, size, mask + 1, caller, FBA_REQUEST_SCRATCH);
}

// The highest multiple of `align` that is not above `address`; 0 of an alignment of 0.
static FBA_INLINE uintptr_t round_down(uintptr_t address, size_t align)
{
    return address & ~(align - 1);
}

// Takes a block and returns its start, or 0. A difference that wraps is larger than the edge.
static FBA_INLINE uintptr_t take_scratch(struct fba *fba, size_t size, size_t align)
{
    if (FBA_UNLIKELY(fba_has_several_bits_(align)))
        return 0;

    uintptr_t highest = fba->upper.edge - size;
    if (FBA_UNLIKELY(highest > fba->upper.edge))
        return 0;

    uintptr_t start = round_down(highest, align);
    if (FBA_UNLIKELY(start <= fba->lower.edge))
        return 0;
    fba->upper.edge = start;
    fba->fast_free_limit = 0; // the peak counts both ends
    return start;
}

FBA_CALLED void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start = take_scratch(fba, size, align);

    return start != 0 ? (void *)start : fail_scratch(fba, size, align - 1, FBA_CALLER);
}

FBA_CALLED void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align,
                                      const void *caller)
{
    uintptr_t start = take_scratch(fba, size, align);

    return start != 0 ? (void *)start : fail_scratch(fba, size, align - 1, caller);
}

enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;

    if (start != fba->upper.edge || size > fba->upper.bound - start || fba->state != FBA_STATE_OPEN)
        return find(fba, start - 1, start - 1 + size, &fba->upper);
    fba_note_peak_(fba);
    if (start < fba->upper.watermark)
        fba->upper.watermark = start;
    fba->upper.edge = start + size;
    return FBA_OK;
}

// ── Marks ───────────────────────────────────────────────────────────────────────────────────────

// Where a mark stands is the bound of its end; the mark remembers the bound that it replaces.
static FBA_CALLED enum fba_status open_mark(struct fba *fba, struct fba_mark *mark,
                                            struct fba_end *end)
{
    if (FBA_UNLIKELY(fba->state != FBA_STATE_OPEN)) {
        *mark = (struct fba_mark){NULL, 0, 0};
        return fba_status(fba);
    }
    *mark = (struct fba_mark){end, ++end->depth, end->bound};
    end->bound = end->edge;
    return FBA_OK;
}

enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark)
{
    return open_mark(fba, mark, &fba->lower);
}

enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark)
{
    return open_mark(fba, mark, &fba->upper);
}

static FBA_CALLED enum fba_status find_mark(const struct fba *fba, const struct fba_mark *mark)
{
    if (fba->state != FBA_STATE_OPEN)
        return fba_status(fba);
    if (mark->end != &fba->lower && mark->end != &fba->upper)
        return FBA_MARK_FOREIGN;
    if (mark->depth == 0)
        return FBA_MARK_CLOSED;
    return mark->depth <= fba->reset_depth ? FBA_MARK_OVERTAKEN : FBA_MARK_NOT_INNERMOST;
}

enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark)
{
    if (fba_is_innermost_(fba, mark, &fba->lower))
        return fba_close_mark_(&fba->lower, mark);
    if (fba_is_innermost_(fba, mark, &fba->upper))
        return fba_close_mark_(&fba->upper, mark);
    return find_mark(fba, mark);
}

// What was taken since the mark is freed as one block.
static FBA_CALLED enum fba_status rewind_slowly(struct fba *fba, struct fba_mark *mark)
{
    uintptr_t lower = fba->lower.bound, upper = fba->upper.edge;

    if (fba_is_innermost_(fba, mark, &fba->lower))
        (void)fba_free(fba, (void *)(lower + 1), fba->lower.edge - lower);
    else if (fba_is_innermost_(fba, mark, &fba->upper))
        (void)fba_scratch_free(fba, (void *)upper, fba->upper.bound - upper);
    return fba_keep(fba, mark);
}

enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark)
{
    if (!fba_is_innermost_(fba, mark, &fba->lower) || fba->lower.edge >= fba->fast_free_limit)
        return rewind_slowly(fba, mark);
    fba->lower.edge = fba->lower.bound;
    return fba_close_mark_(&fba->lower, mark);
}

enum fba_status fba_reset(struct fba *fba)
{
    if (fba->state != FBA_STATE_OPEN)
        return fba_status(fba);
    fba->lower.bound = fba->adopted;
    fba->upper.bound = fba->end;
    (void)fba_free(fba, (void *)(fba->adopted + 1), fba->lower.edge - fba->adopted);
    (void)fba_scratch_free(fba, (void *)fba->upper.edge, fba->end - fba->upper.edge);
    if (fba->lower.depth < fba->upper.depth)
        fba->lower.depth = fba->upper.depth;
    fba->reset_depth = fba->upper.depth = fba->lower.depth;
    return FBA_OK;
}
