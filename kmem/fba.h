// SPDX-License-Identifier: MIT
// fba: a fixed-buffer allocator, also called bump, linear, arena or stack allocator. It serves
// blocks from one buffer that its caller supplied, and says so when that is exhausted: for a kernel
// that has no page allocator yet. Copy it with fba.c: freestanding C11 that needs a memset.
//
//      base        lower.bound        lower.edge          upper.edge       upper.bound      end
//       ├───────────────┼─────────────────┼─────────────────┼─────────────────┼──────────────┤
//       │  permanent,   │    permanent,   │      free       │        scratch, │   scratch,   │
//       │   protected   │     grows ──▶   │                 │    ◀── grows    │  protected   │
//       └───────────────┴─────────────────┴─────────────────┴─────────────────┴──────────────┘
//
// The free bytes are those strictly between the edges: `lower.edge` is the last byte taken from
// below, `upper.edge` the first byte taken from above. With the last byte taken instead of the next
// one free, rounding up is a single OR, which cannot wrap: `edge | (align - 1)` is the byte before
// the aligned block. An all-zero allocator and a sealed one have equal edges and so no room even
// for zero bytes: the fast path asks "does it fit?", and only a failure asks why not.
//
// Life:   all-zero ──fba_init, FBA_INIT, fba_adopt──▶ open ──fba_seal──▶ sealed
//
// What it does not do:
// - It does not own its buffer, which must outlive every block.
// - A free reclaims the last block only (LIFO), and no padding: marks do, and reclaim.h more.
// - It is not thread-safe: one processor, no interrupt handler. fba_shared.h is, and lock-free.
// Misuse that can be seen gets a status that names it, and changes nothing. Not seen, as no header
// stands beside a block: a free or resize with a wrong size that ends where the last block ends, or
// of a freed block in whose place another now ends (redzone.h detects both); a write outside a
// block (redzone.h) or to a freed one (poison.h); a mark copied, or opened before fba_init().
//
// Functions run in constant time unless they say otherwise, and none blocks. Sizes are bytes,
// alignments powers of two from 1, ranges half-open.
#ifndef KMEM_FBA_H
#define KMEM_FBA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // struct fba_mark and fba_mark() may share a name
extern "C" {
#endif

// FBA_CALLED functions are never inlined, not even by link-time optimisation, so that FBA_CALLER is
// their return address; FBA_INLINE ones always are, so that what they call returns to their caller.
#define FBA_CALLED __attribute__((__noinline__))
#define FBA_INLINE __attribute__((__always_inline__)) inline
#ifdef __wasm__ // has no return addresses
#define FBA_CALLER NULL
#else
#define FBA_CALLER __builtin_return_address(0)
#endif
#define FBA_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

// What became of a call: X(status, its name, what it means), grouped by what can return them.
#define FBA_STATUSES(X)                                                                            \
    X(FBA_OK, "ok", "done")                                                                        \
    /* the allocator */                                                                            \
    X(FBA_NOT_READY, "not ready", "fba_init() has not run")                                        \
    X(FBA_SEALED, "sealed", "it serves nothing any more")                                          \
    X(FBA_BUSY, "busy", "shared by fba_shared; to hand over: marks are open or scratch is in use") \
    X(FBA_BAD_BUFFER, "bad buffer", "NULL, wraps, or ends in the last page of the address space")  \
    X(FBA_BAD_NUMBERS, "bad numbers", "the numbers to adopt contradict each other")                \
    /* a request */                                                                                \
    X(FBA_EXHAUSTED, "exhausted", "it would fit if the buffer were emptier")                       \
    X(FBA_TOO_LARGE, "too large", "it would not fit even if all that can be freed were free")      \
    X(FBA_BAD_ALIGNMENT, "bad alignment", "it is 0 or not a power of two")                         \
    /* a block */                                                                                  \
    X(FBA_FOREIGN, "foreign", "it is not in the buffer")                                           \
    X(FBA_BAD_BLOCK, "bad block", "it is not wholly inside what this end handed out")              \
    X(FBA_NOT_LAST, "not last", "it stays until a mark, reset or seal takes it")                   \
    X(FBA_PROTECTED, "protected", "it is older than an open mark, or was adopted")                 \
    X(FBA_PERMANENT, "permanent", "sealed, and it is in the part that stays")                      \
    X(FBA_GONE, "gone", "sealed, and it was in the part that was given away")                      \
    /* a mark */                                                                                   \
    X(FBA_MARK_FOREIGN, "mark foreign", "it belongs to another allocator, or was never opened")    \
    X(FBA_MARK_NOT_INNERMOST, "mark not innermost", "another mark inside it is open")              \
    X(FBA_MARK_CLOSED, "mark closed", "it was rewound or kept already")                            \
    X(FBA_MARK_OVERTAKEN, "mark overtaken", "a reset closed it")
#define FBA_STATUS_(status, name, meaning) status,
enum fba_status { FBA_STATUSES(FBA_STATUS_) FBA_STATUS_COUNT };

// One end of the free space; it grows towards the other. All three addresses are edges.
struct fba_end {
    uintptr_t edge;      // lower: last byte taken; upper: first byte taken
    uintptr_t bound;     // what was taken up to here is not freed, grown or rewound
    uintptr_t watermark; // the farthest edge ever, brought up to date when the edge retreats
    size_t depth;        // number of the innermost open mark; fba.reset_depth: none is open
};

// The newest failure, in plain facts; fba_account.h says what follows from them.
enum fba_request { FBA_REQUEST_ALLOC, FBA_REQUEST_ZEROED, FBA_REQUEST_SCRATCH };
struct fba_failure {
    size_t count;           // failures so far; 0: the rest means nothing
    size_t size, align;     // asked for; a size of SIZE_MAX if count × size overflowed
    const void *caller;     // return address of the failed call, or what fba_alloc_by() was told
    uintptr_t lower, upper; // the edges at that moment
    enum fba_request request;
};
// Where it does not compile, a #pragma pack of the kernel's reaches this file, and not fba.c.
typedef char fba_under_pragma_pack_[sizeof(struct fba_failure) % __alignof__(void *) ? -1 : 1];

// Called after a failure was recorded, on the caller's stack, before the caller gets its NULL.
// It may print, or not return; it must not allocate from the same allocator.
struct fba;
typedef void (*fba_failure_hook)(struct fba *fba, void *context);

// An allocator. All-zero is valid and not ready. A report may read the fields; only fba*.c write.
enum fba_state { FBA_STATE_NOT_READY, FBA_STATE_OPEN, FBA_STATE_SHARED, FBA_STATE_SEALED };
struct fba {
    struct fba_end lower, upper; // of permanent blocks, and of scratch
    uintptr_t base, end;         // the buffer, [base, end)
    uintptr_t adopted;           // lower.bound outside all marks: the last byte of fba_adopt()
    uintptr_t fast_free_limit;   // a lower.edge below it retreats without a new watermark or peak
    uintptr_t least_gap;         // least distance of the edges ever, up to date likewise
    size_t reset_depth;          // marks up to this number were closed by a reset
    enum fba_state state;
    struct fba_failure failure;
    fba_failure_hook hook; // NULL: none
    void *hook_context;
};

// Distance that a buffer keeps from the end of the address space, in bytes: addresses rounded up
// inside such a buffer by less than a page do not wrap.
#define FBA_ADDRESS_SPACE_GUARD ((uintptr_t)4096)

// A ready allocator over a static array, before any code has run; a pointer does not compile:
//     static unsigned char memory[4096];
//     static struct fba early = FBA_INIT(memory);
// FBA_INIT_ZEROED is for an array without an initialiser: fba_alloc_zeroed() knows that it is zero.
#define FBA_INIT(array) FBA_OPEN_((uintptr_t)(array), FBA_SIZE_(array), FBA_SIZE_(array))
#define FBA_INIT_ZEROED(array) FBA_OPEN_((uintptr_t)(array), FBA_SIZE_(array), (uintptr_t)-1)
#ifdef __cplusplus // which names members from C++20 on only
extern "C++" template <class T, size_t n> char (&fba_size_of_array_(T (&)[n]))[n * sizeof(T)];
#define FBA_SIZE_(array) sizeof(fba_size_of_array_(array))
#define FBA_SET_(member, ...) __VA_ARGS__
#else
#define FBA_SAME_(one, other) __builtin_types_compatible_p(__typeof__(one), __typeof__(other))
#define FBA_SIZE_(array) sizeof(char[FBA_SAME_(array, &(array)[0]) ? -1 : (ptrdiff_t)sizeof(array)])
#define FBA_SET_(member, ...) .member = __VA_ARGS__
#endif
// clang-format off
#define FBA_OPEN_(start, size, unknown) { \
    FBA_SET_(lower, {(start) - 1, (start) - 1, (start) + (unknown), 0}), \
    FBA_SET_(upper, {(start) + (size), (start) + (size), (start) + (size), 0}), \
    FBA_SET_(base, (start)), FBA_SET_(end, (start) + (size)), FBA_SET_(adopted, (start) - 1), \
    FBA_SET_(fast_free_limit, 0), FBA_SET_(least_gap, (size) + 1), FBA_SET_(reset_depth, 0), \
    FBA_SET_(state, FBA_STATE_OPEN), FBA_SET_(failure, {0, 0, 0, NULL, 0, 0, FBA_REQUEST_ALLOC}), \
    FBA_SET_(hook, NULL), FBA_SET_(hook_context, NULL)}
// clang-format on

// Opens `fba` over [buffer, buffer + size), whatever it held before; a hook must be set anew. Any
// alignment and size will do, 0 included. fba_init_zeroed() promises that the buffer holds zeros.
// Fails iff the buffer is NULL, wraps or ends in the last page of the address space:
// FBA_BAD_BUFFER, and `fba` is not ready.
enum fba_status fba_init(struct fba *fba, void *buffer, size_t size);
enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size);

// A block of `size` bytes at a multiple of `align`, from the lower end, with the least padding that
// the alignment allows. Zero bytes yield an aligned address that is not NULL, costs at most padding
// and need not differ from another block's.
// Fails iff the allocator is not open, the alignment is 0 or no power of two, or no aligned block
// of that size lies in the free space: NULL; the failure is recorded, the hook called, and nothing
// else has changed.
void *fba_alloc(struct fba *fba, size_t size, size_t align);

// As fba_alloc(), on behalf of `caller`: the address that the failure record will name.
void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

// As fba_alloc(), and the block holds zeros. Clears only bytes that were handed out before or not
// promised to be zero: linear in those.
void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align);

// Gives back the last block: the one that ends at the last byte taken. One call may give back
// several adjacent blocks as one. FBA_OK: the bytes are free again, or the block is NULL. Anything
// else changed nothing and says why: a status of a block, or FBA_NOT_READY or FBA_BUSY.
enum fba_status fba_free(struct fba *fba, void *block, size_t size);

// Changes the size of a block where it stands. The last block grows and shrinks; any other block
// may shrink, which gives nothing back.
// Fails iff the block is not ours (NULL is not), or must grow and is not last (FBA_NOT_LAST),
// protected (FBA_PROTECTED) or without room behind it (FBA_EXHAUSTED), or the allocator is not
// open; nothing has changed then, and no failure is recorded.
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size);

// Scratch: a second stack that grows down from the upper end, for what does not outlive the boot.
// Fails as fba_alloc() does.
void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align);
void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

// Gives back the last scratch block, the one that starts at the lowest scratch byte; otherwise as
// fba_free(). Padding above a block stays taken.
enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size);

// A mark (savepoint, checkpoint), in the caller's memory. Must not be copied.
struct fba_mark {
    const struct fba_end *end; // NULL: never opened
    size_t depth;              // its number; 0: closed
    uintptr_t outer_bound;     // bound of that end outside this mark
};

// Opens a mark: while it is open, everything older than it is protected. Marks nest strictly, each
// end of the buffer by itself.
// Fails iff the allocator is not open; `mark` then counts as never opened.
enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark);
enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark);

// Closes the innermost mark of its end. fba_rewind() gives back everything allocated since, with
// its padding, including blocks that were resized since; fba_keep() lets it stand.
// Fails iff the mark is foreign, not innermost, closed or overtaken by a reset, or the allocator is
// not open: each by its name, and nothing has changed.
enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark);
enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark);

// Forgets every block of both ends but those that came with fba_adopt(), and closes all marks.
// Peak, failures and hook stay. Fails iff the allocator is not open.
enum fba_status fba_reset(struct fba *fba);

// FBA_OK iff the allocator is open, else FBA_NOT_READY, FBA_SEALED, or FBA_BUSY while it is shared.
enum fba_status fba_status(const struct fba *fba);

// Calls `hook` with `context` at each failure from now on; NULL: no hook. Allowed in any state.
void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context);

// The name of a status, in lower case; "unknown" for a value outside the enumeration.
const char *fba_status_name(enum fba_status status);

// ── For the fast paths of fba.c, fba_inline.h and fba_shared.c ──────────────────────────────────

// The byte before the first multiple of `align` behind `edge`: the bits below an alignment are ones
// there. Of 0 the last byte of all addresses; of no power of two some byte not below `edge`.
static FBA_INLINE uintptr_t fba_byte_before_(uintptr_t edge, size_t align)
{
    return edge | (align - 1);
}

// Whether an alignment is neither 0 nor a power of two.
static FBA_INLINE bool fba_has_several_bits_(size_t align)
{
    return (align & (align - 1)) != 0;
}

// Whether `size` bytes behind the byte `before` reach an upper edge. A sum that wraps does.
static FBA_INLINE bool fba_reaches_(size_t size, uintptr_t before, uintptr_t upper)
{
    return size > UINTPTR_MAX - before || before + size >= upper;
}

// The address behind the byte `before`, of which a compiler may know that it is not NULL: nothing
// is taken behind the last byte of the address space.
static FBA_INLINE void *fba_block_(uintptr_t before)
{
    if (before == UINTPTR_MAX)
        __builtin_unreachable();
    return (void *)(before + 1);
}

// Takes a block, or returns NULL. The alignment is tested first, or clang 15 counts its bits.
static FBA_INLINE void *fba_take_(struct fba *fba, size_t size, size_t align)
{
    uintptr_t before = fba_byte_before_(fba->lower.edge, align);

    if (FBA_UNLIKELY(fba_has_several_bits_(align) || fba_reaches_(size, before, fba->upper.edge)))
        return NULL;
    fba->lower.edge = before + size;
    return fba_block_(before);
}

// Before an edge retreats: what the peak would forget is written down.
static FBA_INLINE void fba_note_peak_(struct fba *fba)
{
    uintptr_t gap = fba->upper.edge - fba->lower.edge;

    if (gap < fba->least_gap)
        fba->least_gap = gap;
}

// Whether a mark is the innermost one of `end`. Only an open allocator has open marks.
static FBA_INLINE bool fba_is_innermost_(const struct fba *fba, const struct fba_mark *mark,
                                         const struct fba_end *end)
{
    return mark->end == end && mark->depth == end->depth && mark->depth > fba->reset_depth;
}

static FBA_INLINE enum fba_status fba_close_mark_(struct fba_end *end, struct fba_mark *mark)
{
    end->bound = mark->outer_bound;
    end->depth--;
    mark->depth = 0;
    return FBA_OK;
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
