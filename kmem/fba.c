// SPDX-License-Identifier: MIT
// The fixed-buffer allocator of fba.h. The fast paths come first in each section; what a refusal
// costs stands in functions of its own, marked cold.
#include "kmem/fba.h"

// A hosted program gets these from its C library, a kernel brings its own; compilers emit calls
// to them anyway.
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

#define COLD __attribute__((cold, noinline))
#define NOINLINE __attribute__((noinline))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

static inline bool is_power_of_two(size_t value)
{
    return value != 0 && !fba_has_several_bits_(value);
}

static inline uintptr_t min_address(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

static inline uintptr_t max_address(uintptr_t a, uintptr_t b)
{
    return a > b ? a : b;
}

static inline bool is_aligned(uintptr_t address, size_t align)
{
    return (address & (align - 1)) == 0;
}

// The highest multiple of `align` that is not above `address`; 0 of an alignment of 0.
static inline uintptr_t round_down(uintptr_t address, size_t align)
{
    return address & ~(align - 1);
}

static inline size_t saturating_add(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

static bool is_good_buffer(uintptr_t base, size_t size)
{
    const uintptr_t highest_end = UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD + 1;

    return base != 0 && base <= highest_end && size <= highest_end - base;
}

static void clear_fields(struct fba *fba)
{
    *fba = (struct fba){0};
}

enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size)
{
    uintptr_t base = (uintptr_t)buffer;

    clear_fields(fba);
    if (!is_good_buffer(base, size))
        return FBA_BAD_BUFFER;
    fba->last = fba->floor = fba->adopted = fba->high = base - 1;
    fba->base = base;
    fba->top = fba->end = fba->ceiling = fba->reserve = fba->low = base + size;
    fba->reserve_last = base + size - 1;
    fba->state = FBA_STATE_OPEN;
    return FBA_OK;
}

enum fba_status fba_init(struct fba *fba, void *buffer, size_t size)
{
    enum fba_status status = fba_init_zeroed(fba, buffer, size);

    fba->high = fba->end;
    return status;
}

COLD enum fba_status fba_status(const struct fba *fba)
{
    static const unsigned char statuses[] = {
        [FBA_STATE_NOT_READY] = FBA_NOT_READY,
        [FBA_STATE_OPEN] = FBA_OK,
        [FBA_STATE_SHARED] = FBA_BUSY,
        [FBA_STATE_SEALED] = FBA_SEALED,
    };

    return (enum fba_status)statuses[fba->state];
}

// Lets `last` fall or `top` rise. Only then could `high`, `low` and `peak` forget something, so
// only here are they brought up to date. `settled` is how far `last` may come again before that is
// due the next time: the fast path of fba_free() compares with nothing else.
static void give_back(struct fba *fba, uintptr_t last, uintptr_t top)
{
    fba->peak = fba_peak(fba);
    fba->high = max_address(fba->high, fba->last);
    fba->low = min_address(fba->low, fba->top);
    fba->last = last;
    fba->top = top;
    fba->settled = min_address(fba->high, fba->base - 1 + (fba->peak - (fba->reserve - top))) + 1;
}

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────

// Whether `size` bytes are more than lie behind the byte `before` and in front of `top`. The carry
// of the sum is excluded first.
static inline bool exceeds(size_t size, uintptr_t before, uintptr_t top)
{
    return size > UINTPTR_MAX - before || before + size >= top;
}

static COLD void *call_hook(struct fba *fba)
{
    fba->hook(fba, fba->hook_context);
    return NULL;
}

// An allocator that serves nothing, or an alignment that is none.
static COLD void *refuse_misuse(struct fba *fba)
{
    enum fba_status status = fba_status(fba);

    fba->failure.reason = status != FBA_OK ? status : FBA_BAD_ALIGNMENT;
    fba->failure.available = fba->failure.shortfall = 0;
    return fba->hook ? call_hook(fba) : NULL;
}

// Writes the record of a refused allocation, calls the hook, and returns NULL. Both ends fail
// alike: what fits upward from `last` fits downward from `top`. Each call stands at the end, so
// that no path needs a frame.
static NOINLINE void *refuse(struct fba *fba, size_t size, size_t align, const void *caller)
{
    struct fba_failure *failure = &fba->failure;

    failure->size = size;
    failure->align = align;
    failure->caller = caller;
    failure->count++;
    if (UNLIKELY(fba->state != FBA_STATE_OPEN || !is_power_of_two(align)))
        return refuse_misuse(fba);

    uintptr_t before = fba_byte_before_(fba->last, align);
    uintptr_t room = fba->top - before; // counted with the byte `before`
    if (UNLIKELY(exceeds(size, fba_byte_before_(fba->adopted, align), fba->reserve)))
        failure->reason = FBA_TOO_LARGE;
    else
        failure->reason = FBA_EXHAUSTED;
    if (before < fba->top) {
        failure->available = room - 1;
        failure->shortfall = size - (room - 1);
    } else {
        failure->available = 0;
        failure->shortfall = saturating_add(size, 1 - room);
    }
    return UNLIKELY(fba->hook) ? call_hook(fba) : NULL;
}

// ── Permanent blocks ────────────────────────────────────────────────────────────────────────────

// Takes [*start, *start + size), or nothing. An alignment of 0 makes the mask all ones, and nothing
// fits behind that.
static FBA_INLINE inline bool take(struct fba *fba, size_t size, size_t align, uintptr_t *start)
{
    uintptr_t before = fba_byte_before_(fba->last, align);

    if (UNLIKELY(fba_has_several_bits_(align)))
        return false;
    if (UNLIKELY(exceeds(size, before, fba->top)))
        return false;
    fba->last = before + size;
    *start = before + 1;
    return true;
}

FBA_CALLED void *fba_alloc(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return refuse(fba, size, align, FBA_CALLER);
    return (void *)start;
}

FBA_CALLED void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return refuse(fba, size, align, caller);
    return (void *)start;
}

// Of a block just taken, the bytes up to `high` may have been handed out before, and those from
// `low` up may have been scratch.
static COLD void *clear(const struct fba *fba, void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;
    uintptr_t end = start + size;

    if (start > fba->high)
        start = max_address(start, fba->low);
    if (end <= fba->low)
        end = min_address(end, fba->high + 1);
    if (start < end)
        memset((void *)start, 0, end - start);
    return block;
}

FBA_CALLED void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start;

    if (!take(fba, size, align, &start))
        return refuse(fba, size, align, FBA_CALLER);
    // What lies between the watermarks was never handed out.
    if (UNLIKELY(start <= fba->high || fba->last >= fba->low))
        return clear(fba, (void *)start, size);
    return (void *)start;
}

// Whether [start, start + size) can be a block of the end that has handed out [from, to).
static enum fba_status find(const struct fba *fba, uintptr_t start, size_t size, uintptr_t from,
                            uintptr_t to)
{
    if (fba->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (start == 0)
        return FBA_NULL;
    if (start < fba->base || start > fba->end)
        return FBA_FOREIGN;
    if (fba->state == FBA_STATE_SEALED) {
        if (start == fba->end)
            return FBA_FOREIGN;
        return start <= fba->floor || start >= fba->ceiling ? FBA_PERMANENT : FBA_GONE;
    }
    return start < from || start > to || size > to - start ? FBA_BAD_BLOCK : FBA_OK;
}

// The same of the permanent end, and whether the block can move its end.
static enum fba_status find_last(const struct fba *fba, uintptr_t start, size_t size)
{
    enum fba_status found = find(fba, start, size, fba->base, fba->last + 1);

    if (found != FBA_OK)
        return found;
    if (start <= fba->floor)
        return FBA_PROTECTED;
    return start + size == fba->last + 1 ? FBA_OK : FBA_NOT_LAST;
}

// The block is [before + 1, block_last], which says the same as its size does, modulo 2^n.
static COLD enum fba_status free_slowly(struct fba *fba, uintptr_t before, uintptr_t block_last)
{
    enum fba_status found = find_last(fba, before + 1, block_last - before);

    if (found == FBA_OK)
        give_back(fba, before, fba->top);
    return found;
}

enum fba_status fba_free(struct fba *fba, void *block, size_t size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t block_last = before + size;

    if (UNLIKELY(block_last < before || block_last != fba->last || before < fba->floor ||
                 block_last >= fba->settled))
        return free_slowly(fba, before, block_last);
    fba->last = before;
    return FBA_OK;
}

static COLD enum fba_status resize_slowly(struct fba *fba, uintptr_t before, size_t old_size,
                                          size_t new_size)
{
    enum fba_status found = find_last(fba, before + 1, old_size);

    if (new_size <= old_size) {
        if (found == FBA_OK)
            give_back(fba, before + new_size, fba->top);
        return found == FBA_NOT_LAST || found == FBA_PROTECTED ? FBA_OK : found;
    }
    return found == FBA_OK ? FBA_EXHAUSTED : found;
}

// The fast path is growth. It fits behind `before` iff it fits behind `last`.
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size)
{
    uintptr_t before = (uintptr_t)block - 1;
    uintptr_t block_last = before + old_size;

    if (UNLIKELY(block_last < before || block_last != fba->last || before < fba->floor ||
                 new_size <= old_size || new_size >= fba->top - before))
        return resize_slowly(fba, before, old_size, new_size);
    fba->last = before + new_size;
    return FBA_OK;
}

FBA_CALLED void *fba_realloc(struct fba *fba, void *block, size_t old_size, size_t new_size,
                             size_t align)
{
    if (new_size == 0) {
        fba_free(fba, block, old_size);
        return NULL;
    }
    if (is_power_of_two(align) && is_aligned((uintptr_t)block, align) &&
        fba_remap(fba, block, old_size, new_size))
        return block;

    void *moved = fba_alloc_by(fba, new_size, align, FBA_CALLER);
    if (moved && block) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        fba_free(fba, block, old_size);
    }
    return moved;
}

// ── Scratch ─────────────────────────────────────────────────────────────────────────────────────

// refuse(), told the alignment less one, which spares the fast path a register.
static COLD void *refuse_scratch(struct fba *fba, size_t size, size_t mask, const void *caller)
{
    return refuse(fba, size, mask + 1, caller);
}

// Takes [*start, *start + size), or nothing: a difference that wraps is larger than `top`. An
// alignment of 0 rounds down to 0.
static FBA_INLINE inline bool take_scratch(struct fba *fba, size_t size, size_t align,
                                           uintptr_t *start)
{
    if (UNLIKELY(fba_has_several_bits_(align)))
        return false;

    uintptr_t highest = fba->top - size;
    if (UNLIKELY(highest > fba->top))
        return false;
    *start = round_down(highest, align);
    if (UNLIKELY(*start <= fba->last))
        return false;
    fba->top = *start;
    fba->settled = 0; // the peak counts both ends
    return true;
}

FBA_CALLED void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align)
{
    uintptr_t start;

    if (!take_scratch(fba, size, align, &start))
        return refuse_scratch(fba, size, align - 1, FBA_CALLER);
    return (void *)start;
}

FBA_CALLED void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align,
                                      const void *caller)
{
    uintptr_t start;

    if (!take_scratch(fba, size, align, &start))
        return refuse_scratch(fba, size, align - 1, caller);
    return (void *)start;
}

enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;
    enum fba_status found = find(fba, start, size, fba->top, fba->reserve);

    if (found != FBA_OK)
        return found;
    if (start + size > fba->ceiling)
        return FBA_PROTECTED;
    if (start != fba->top)
        return FBA_NOT_LAST;
    give_back(fba, fba->last, start + size);
    return FBA_OK;
}

// ── Marks ───────────────────────────────────────────────────────────────────────────────────────

// An open mark needs to remember only what it replaces: where it stands is the floor, or the
// ceiling, itself.
static COLD enum fba_status open_mark(struct fba *fba, struct fba_mark *mark, bool scratch)
{
    enum fba_status status = fba_status(fba);
    size_t *innermost = scratch ? &fba->innermost_scratch : &fba->innermost;
    uintptr_t *bound = scratch ? &fba->ceiling : &fba->floor;

    *mark = (struct fba_mark){0};
    if (status != FBA_OK)
        return status;
    mark->owner = fba;
    mark->serial = ++fba->serial;
    mark->outer = *innermost;
    mark->outer_bound = *bound;
    mark->scratch = scratch;
    *innermost = mark->serial;
    *bound = scratch ? fba->top : fba->last;
    return FBA_OK;
}

enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark)
{
    return open_mark(fba, mark, false);
}

enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark)
{
    return open_mark(fba, mark, true);
}

static COLD enum fba_status close_mark(struct fba *fba, struct fba_mark *mark, bool rewind)
{
    enum fba_status status = fba_status(fba);
    size_t *innermost = mark->scratch ? &fba->innermost_scratch : &fba->innermost;
    uintptr_t *bound = mark->scratch ? &fba->ceiling : &fba->floor;

    if (status != FBA_OK)
        return status;
    if (mark->owner != fba)
        return FBA_MARK_FOREIGN;
    if (mark->serial == 0)
        return FBA_MARK_CLOSED;
    if (mark->serial <= fba->overtaken)
        return FBA_MARK_OVERTAKEN;
    if (mark->serial != *innermost)
        return FBA_MARK_NOT_INNERMOST;
    if (rewind)
        give_back(fba, mark->scratch ? fba->last : *bound, mark->scratch ? *bound : fba->top);
    *innermost = mark->outer;
    *bound = mark->outer_bound;
    mark->serial = 0;
    return FBA_OK;
}

enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark)
{
    return close_mark(fba, mark, false);
}

enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark)
{
    return close_mark(fba, mark, true);
}

void fba_scope_close_(struct fba_mark *mark)
{
    if (mark->owner)
        fba_rewind(mark->owner, mark);
}

enum fba_status fba_reset(struct fba *fba)
{
    enum fba_status status = fba_status(fba);

    if (status != FBA_OK)
        return status;
    give_back(fba, fba->adopted, fba->reserve);
    fba->floor = fba->adopted;
    fba->ceiling = fba->reserve;
    fba->innermost = fba->innermost_scratch = 0;
    fba->overtaken = fba->serial;
    return FBA_OK;
}

// ── Questions ───────────────────────────────────────────────────────────────────────────────────

bool fba_owns_range(const struct fba *fba, const void *block, size_t size)
{
    uintptr_t start = (uintptr_t)block;

    if (fba->state == FBA_STATE_NOT_READY || start < fba->base || start > fba->end ||
        size > fba->end - start)
        return false;
    return fba->state != FBA_STATE_SEALED || start >= fba->ceiling ||
           (start <= fba->floor && size <= fba->floor + 1 - start);
}

size_t fba_capacity(const struct fba *fba)
{
    return fba->end - fba->base;
}

size_t fba_used(const struct fba *fba)
{
    return fba->state == FBA_STATE_NOT_READY ? 0 : fba->last + 1 - fba->base;
}

size_t fba_scratch_used(const struct fba *fba)
{
    return fba->state == FBA_STATE_SEALED ? 0 : fba->reserve - fba->top;
}

size_t fba_reserved(const struct fba *fba)
{
    return fba->end - fba->reserve;
}

size_t fba_peak(const struct fba *fba)
{
    size_t taken = fba_used(fba) + fba_scratch_used(fba);

    return taken > fba->peak ? taken : fba->peak;
}

size_t fba_available(const struct fba *fba, size_t align)
{
    uintptr_t before = fba_byte_before_(fba->last, align);

    return is_power_of_two(align) && before < fba->top ? fba->top - before - 1 : 0;
}

void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context)
{
    fba->hook = hook;
    fba->hook_context = context;
}

const char *fba_status_name(enum fba_status status)
{
    static const char *const names[] = {
        [FBA_OK] = "ok",
        [FBA_NOT_READY] = "not ready",
        [FBA_SEALED] = "sealed",
        [FBA_EXHAUSTED] = "exhausted",
        [FBA_TOO_LARGE] = "too large",
        [FBA_BAD_ALIGNMENT] = "bad alignment",
        [FBA_BAD_BUFFER] = "bad buffer",
        [FBA_BAD_NUMBERS] = "bad numbers",
        [FBA_BUSY] = "busy",
        [FBA_NULL] = "null",
        [FBA_FOREIGN] = "foreign",
        [FBA_BAD_BLOCK] = "bad block",
        [FBA_NOT_LAST] = "not last",
        [FBA_PROTECTED] = "protected",
        [FBA_PERMANENT] = "permanent",
        [FBA_GONE] = "gone",
        [FBA_MARK_FOREIGN] = "mark foreign",
        [FBA_MARK_NOT_INNERMOST] = "mark not innermost",
        [FBA_MARK_CLOSED] = "mark closed",
        [FBA_MARK_OVERTAKEN] = "mark overtaken",
    };

    // Unsigned, because an enumeration may be either and a negative value must be caught as well.
    size_t index = (unsigned)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}
