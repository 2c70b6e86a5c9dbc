// SPDX-License-Identifier: MIT
// fba: a fixed-buffer allocator for the first moments of a kernel.
//
// It serves blocks from one buffer that its caller supplied, asks nobody for more, knows exactly
// how much it may ever use, and says so when the buffer is exhausted. This header and fba.c are
// copied alone into a kernel: freestanding C11, with memcpy and memset the only functions needed
// from outside. What a boot adds, from the panic reserve to the seal, stands in fba_handoff.h.
//
//      base            floor             last              top         ceiling   reserve      end
//       │               │                 │                 │             │         │          │
//       ▼               ▼                 ▼                 ▼             ▼         ▼          ▼
//       ├───────────────┼─────────────────┼─────────────────┼─────────────┼─────────┼──────────┤
//       │ permanent,    │ permanent,      │      free       │  scratch    │ scratch,│  panic   │
//       │ protected     │ grows ──▶       │                 │    ◀── grows│ protect.│  reserve │
//       └───────────────┴─────────────────┴─────────────────┴─────────────┴─────────┴──────────┘
//
// One idea carries it: the free bytes are those strictly between `last`, the last permanent byte
// taken, and `top`, the first scratch byte. Naming the last byte taken, not the next one free,
// makes rounding up a single OR (`last | (align - 1)` is the byte before the aligned block), which
// cannot wrap, wherever the buffer lies. An all-zero allocator and a sealed one (`top == last`)
// have no room even for zero bytes, so the fast path does not ask for their state: it asks "does
// it fit?", and only the cold path asks why not.
//
// Life:   all-zero ──fba_init, FBA_INIT, fba_adopt──▶ open ──fba_seal──▶ sealed
//
// What it does not do.
// - It does not own its buffer, which must outlive every block.
// - Padding below a freed block stays taken, so that a chain of frees stops there. A mark gives
//   padding back too; so does unwinding.h, which also reclaims blocks freed out of order.
// - It is not thread-safe: one processor, and no interrupt handler, may use it at a time.
//   fba_shared.h is.
//
// Misuse is refused by name wherever it can be seen, and corrupts nothing then. Not seen, because
// no header stands beside a block:
// - a free or resize with a wrong size that ends where the last block ends (neighbours go along),
//   or of a block already freed in whose place another now ends (that one goes); a red zone
//   (redzone.h) sees both;
// - a write beyond a block (redzone.h), or to one given back or rewound (poison.h);
// - a mark opened before a second fba_init() of the same structure: its serial number begins anew.
//
// Every function runs in constant time unless it says otherwise, and none blocks. Sizes are bytes,
// alignments powers of two from 1, addresses `uintptr_t`, ranges half-open.
#ifndef KMEM_FBA_H
#define KMEM_FBA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // struct fba_mark and fba_mark() may share a name
extern "C" {
#define FBA_ALIGNOF(type) alignof(type)
#else
#define FBA_ALIGNOF(type) _Alignof(type)
#endif

// For functions that record who called them. FBA_CALLED ones are never inlined, not even by a
// link-time optimiser, so that they have a return address, which FBA_CALLER is; FBA_INLINE ones
// always are, so that what they call returns to their caller. WebAssembly has no such address:
// NULL.
#define FBA_CALLED __attribute__((noinline))
#define FBA_INLINE __attribute__((always_inline))
#ifdef __wasm__
#define FBA_CALLER NULL
#else
#define FBA_CALLER __builtin_return_address(0)
#endif

// Why something was refused, or what became of it. fba_status_name() names each.
enum fba_status {
    FBA_OK,                 // done
    FBA_NOT_READY,          // the allocator is all zero: fba_init() has not run
    FBA_SEALED,             // the allocator is sealed: it serves nothing any more
    FBA_EXHAUSTED,          // would fit an emptier buffer
    FBA_TOO_LARGE,          // could never fit, even in the empty buffer
    FBA_BAD_ALIGNMENT,      // alignment is 0 or not a power of two
    FBA_BAD_BUFFER,         // buffer is NULL, wraps or ends in the last page of the address space
    FBA_BAD_NUMBERS,        // numbers to adopt contradict each other
    FBA_BUSY,               // marks are open, scratch or a reserve is in use, or it is shared
    FBA_NULL,               // NULL was given back: nothing to do
    FBA_FOREIGN,            // the block does not lie in the buffer
    FBA_BAD_BLOCK,          // in the buffer, but not wholly inside what is handed out at this end
    FBA_NOT_LAST,           // not the last block: stays until a mark, reset or seal takes it
    FBA_PROTECTED,          // the block lies behind the floor (or ceiling): it stays
    FBA_PERMANENT,          // sealed, and the block is in the part that stays
    FBA_GONE,               // sealed, and the block was in the part that was given away
    FBA_MARK_FOREIGN,       // the mark belongs to another allocator, or was never opened
    FBA_MARK_NOT_INNERMOST, // a mark inside it is still open
    FBA_MARK_CLOSED,        // the mark was already rewound or kept
    FBA_MARK_OVERTAKEN,     // a reset closed the mark
};

// The account of a refused allocation. Written on the cold path only.
struct fba_failure {
    enum fba_status reason; // FBA_OK: nothing has failed yet
    size_t size;            // bytes asked for; SIZE_MAX if count × size overflowed
    size_t align;           // alignment asked for
    size_t available;       // bytes that this alignment could have got at that moment
    size_t shortfall;       // bytes by which the buffer was too short; SIZE_MAX if beyond counting;
                            // 0 if the reason is not a lack of room
    const void *caller;     // return address of the call that was refused, or what fba_alloc_by()
                            // was told
    size_t count;           // refusals so far, this one included
};

struct fba;

// Called after a refusal was recorded, on the caller's stack, before the caller gets its NULL.
// It may print, or not return; it must not allocate from the same allocator.
typedef void (*fba_failure_hook)(struct fba *fba, void *context);

enum fba_state { FBA_STATE_NOT_READY, FBA_STATE_OPEN, FBA_STATE_SHARED, FBA_STATE_SEALED };

// An allocator. All-zero is valid and not ready. Whoever prints an account may read the fields;
// only fba*.c write them.
struct fba {
    uintptr_t last;         // last permanent byte taken: the free bytes lie between it...
    uintptr_t top;          // ...and the first scratch byte, both excluded and included in turn
    uintptr_t floor;        // bytes up to and including it are not freed, grown or rewound
    uintptr_t settled;      // while last < settled, its fall changes neither `high` nor `peak`
    uintptr_t base, end;    // the buffer, [base, end)
    uintptr_t high, low;    // bytes strictly above `high`, below `low`, were never handed out
    uintptr_t ceiling;      // scratch from here up is not freed or rewound
    uintptr_t reserve;      // start of the panic reserve, [reserve, end)
    uintptr_t reserve_last; // last byte taken from the reserve
    uintptr_t adopted;      // floor below all marks: the last byte that came with fba_adopt()
    enum fba_state state;
    size_t peak;      // most bytes ever taken, both ends together, as far as settled
    size_t serial;    // serial number of the newest mark
    size_t overtaken; // marks up to this serial number were closed by a reset
    size_t innermost; // serial number of the innermost open mark; 0: none
    size_t innermost_scratch;
    size_t retries;      // shared mode: how often another processor was faster
    uintptr_t recording; // shared mode: 1 while `failure` is being written and the hook runs
    struct fba_failure failure;
    fba_failure_hook hook; // NULL: none
    void *hook_context;
};

// Distance that a buffer keeps from the end of the address space, in bytes: addresses rounded up
// inside such a buffer by less than a page do not wrap.
#define FBA_ADDRESS_SPACE_GUARD ((uintptr_t)4096)

// A ready allocator over a whole array of static storage, without any code run first:
//     static unsigned char memory[4096];
//     static struct fba early = FBA_INIT(memory);
// FBA_INIT_ZEROED promises that the array is zero at that moment, as static arrays without an
// initialiser are; fba_alloc_zeroed() then does not clear it again.
#define FBA_INIT(array) FBA_INIT_(array, FBA_END_(array))
#define FBA_INIT_ZEROED(array) FBA_INIT_(array, FBA_START_(array) - 1)
#define FBA_START_(array) ((uintptr_t)(array))
#define FBA_END_(array) (FBA_START_(array) + sizeof(array))
#define FBA_INIT_(array, high)                                                                     \
    {                                                                                              \
        FBA_START_(array) - 1, FBA_END_(array), FBA_START_(array) - 1, 0, FBA_START_(array),       \
            FBA_END_(array), high, FBA_END_(array), FBA_END_(array), FBA_END_(array),              \
            FBA_END_(array) - 1, FBA_START_(array) - 1, FBA_STATE_OPEN, 0, 0, 0, 0, 0, 0, 0,       \
            {FBA_OK, 0, 0, 0, 0, NULL, 0}, NULL, NULL                                              \
    }

// Opens `fba` over [buffer, buffer + size), whatever it held before; a hook must be set anew. A
// buffer of any alignment and any size, 0 included, will do. fba_init_zeroed() promises that the
// buffer holds zeros only.
// Fails iff the buffer is NULL, wraps or ends in the last page of the address space:
// FBA_BAD_BUFFER, and `fba` is not ready.
enum fba_status fba_init(struct fba *fba, void *buffer, size_t size);
enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size);

// A block of `size` bytes at an address that is a multiple of `align`, from the permanent end. It
// lies in the free space, with the least padding that the alignment allows. Zero bytes yield a
// non-NULL aligned address that costs at most padding and need not differ from another block's.
// Fails iff the allocator is not ready or sealed, the alignment is 0 or no power of two, or no
// aligned block of that size lies in the free space: NULL; the failure is recorded, the hook
// called, and nothing else has changed.
void *fba_alloc(struct fba *fba, size_t size, size_t align);

// As fba_alloc(), on behalf of `caller`, whom the failure record will name.
void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

// As fba_alloc(), and the block holds zeros. Clears only bytes that were ever handed out or were
// not promised to be zero: linear in those.
void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align);

// The byte before the first address behind `last` that is a multiple of `align`: the bits below an
// alignment are all ones there. An alignment of 0 makes it the last byte of the address space,
// behind which nothing fits. Any other that is no power of two: some byte not below `last`.
static inline FBA_INLINE uintptr_t fba_byte_before_(uintptr_t last, size_t align)
{
    return last | (align - 1);
}

// Whether an alignment is neither 0 nor a power of two.
static inline FBA_INLINE bool fba_has_several_bits_(size_t align)
{
    return (align & (align - 1)) != 0;
}

// As fba_alloc(), compiled into its caller: for a size and an alignment that are known there. If
// neither exceeds a page, the distance that the buffer keeps from the end of the address space
// makes one comparison enough.
static inline FBA_INLINE void *fba_alloc_inline(struct fba *fba, size_t size, size_t align)
{
    uintptr_t before = fba_byte_before_(fba->last, align);

    if (size > FBA_ADDRESS_SPACE_GUARD || align - 1 >= FBA_ADDRESS_SPACE_GUARD ||
        fba_has_several_bits_(align) || before + size >= fba->top)
        return fba_alloc(fba, size, align);
    fba->last = before + size;
    return (void *)(before + 1);
}

// count × size, or SIZE_MAX, which no allocator serves, if that overflows.
static inline size_t fba_array_size(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

// As fba_alloc() and fba_alloc_zeroed() for count × size bytes; a product that overflows fails as
// FBA_TOO_LARGE with size SIZE_MAX.
static inline FBA_INLINE void *fba_alloc_array(struct fba *fba, size_t count, size_t size,
                                               size_t align)
{
    return fba_alloc(fba, fba_array_size(count, size), align);
}

static inline FBA_INLINE void *fba_alloc_array_zeroed(struct fba *fba, size_t count, size_t size,
                                                      size_t align)
{
    return fba_alloc_zeroed(fba, fba_array_size(count, size), align);
}

// The same, sized, aligned and typed by `type`.
#define fba_new(fba, type) ((type *)fba_alloc_inline((fba), sizeof(type), FBA_ALIGNOF(type)))
#define fba_new_array(fba, type, count)                                                            \
    ((type *)fba_alloc_array((fba), (count), sizeof(type), FBA_ALIGNOF(type)))

// Gives back the last block: the one that ends at the last byte taken. Frees in the reverse order
// of allocation unwind as a chain where no padding lies between; one call may give back several
// adjacent blocks as one.
// FBA_OK: the bytes are free again. Anything else is a no-op that says why: FBA_NOT_LAST,
// FBA_PROTECTED, FBA_NULL, FBA_FOREIGN, FBA_BAD_BLOCK, FBA_NOT_READY; once sealed, FBA_PERMANENT,
// FBA_GONE or FBA_FOREIGN.
enum fba_status fba_free(struct fba *fba, void *block, size_t size);

// Changes the size of a block where it stands. The last block grows and shrinks; any other block
// may shrink, which gives nothing back.
// Fails iff the block is not ours, or must grow and is not last (FBA_NOT_LAST), protected
// (FBA_PROTECTED) or without room behind it (FBA_EXHAUSTED), or the allocator is not ready or
// sealed; nothing has changed then, and no failure is recorded.
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size);

// As fba_resize(), with growth by up to a page compiled into its caller. That the block ends at
// `last` and is no longer than what lies between there and the floor says where it starts.
static inline FBA_INLINE enum fba_status fba_resize_inline(struct fba *fba, void *block,
                                                           size_t old_size, size_t new_size)
{
    uintptr_t block_last = (uintptr_t)block - 1 + old_size;
    size_t more = new_size - old_size;

    if (new_size < old_size || more > FBA_ADDRESS_SPACE_GUARD || block_last != fba->last ||
        old_size > fba->last - fba->floor || block_last + more >= fba->top)
        return fba_resize(fba, block, old_size, new_size);
    fba->last = block_last + more;
    return FBA_OK;
}

// fba_resize() for callers that would rather have an address: `block`, or NULL. Never moves.
static inline void *fba_remap(struct fba *fba, void *block, size_t old_size, size_t new_size)
{
    return fba_resize(fba, block, old_size, new_size) == FBA_OK ? block : NULL;
}

// A block of `new_size` bytes with the first min(old_size, new_size) bytes of `block`: in place
// if fba_resize() can and the address has the alignment, else a new block, a copy, and a free of
// the old one. From NULL or zero bytes it allocates; to zero bytes it frees and returns NULL.
// A block that is not ours is copied from and left alone.
// Fails iff no new block can be had: NULL, recorded, and `block` is intact. Linear in the copy.
void *fba_realloc(struct fba *fba, void *block, size_t old_size, size_t new_size, size_t align);

// Scratch: a second stack that grows down from the end, for what does not outlive the boot. It
// meets the permanent end but never crosses it. Fails as fba_alloc() does.
void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align);
void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

// Gives back the last scratch block, the one that starts at the lowest scratch byte; otherwise as
// fba_free(). Padding above a block stays taken.
enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size);

// A savepoint, kept by the caller; opened by fba_mark(), closed once by fba_rewind() or
// fba_keep(). Must not be copied: a copy of a closed mark may be refused by another name.
struct fba_mark {
    struct fba *owner;
    size_t serial; // 0: closed
    size_t outer;  // serial number of the mark around it; 0: none
    uintptr_t outer_bound;
    bool scratch;
};

// Opens a mark: while it is open, everything older than it is protected as by the floor. Marks
// nest strictly, each end of the buffer by itself.
// Fails iff the allocator is not ready or sealed; `mark` is then closed.
enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark);
enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark);

// Closes the innermost mark of its end. fba_rewind() gives back everything allocated since, with
// its padding, including blocks that were resized since; fba_keep() lets it stand.
// Fails iff the mark is foreign, not innermost, already closed or overtaken by a reset: each by
// its name, and nothing has changed.
enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark);
enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark);

// FBA_SCOPE(fba) { ... } rewinds at the end of its block, also when the block is left by break,
// return or goto.
#define FBA_SCOPE(fba) FBA_SCOPE_(fba, __LINE__)
#define FBA_SCOPE_(fba, line) FBA_SCOPE_NAMED_(fba, line)
#define FBA_SCOPE_NAMED_(fba, line)                                                                \
    for (struct fba_mark fba_scope_##line                                                          \
         __attribute__((cleanup(fba_scope_close_))) = {NULL, 0, 0, 0, false},                      \
         *fba_once_##line = ((void)fba_mark((fba), &fba_scope_##line), &fba_scope_##line);         \
         fba_once_##line; fba_once_##line = NULL)
void fba_scope_close_(struct fba_mark *mark);

// Forgets every block of both ends but those that came with fba_adopt(), and closes all marks.
// Peak, failures, hook and reserve stay. Fails iff not ready or sealed.
enum fba_status fba_reset(struct fba *fba);

// FBA_OK iff the allocator is open, else FBA_NOT_READY, FBA_SEALED, or FBA_BUSY while it is shared.
enum fba_status fba_status(const struct fba *fba);

// Whether an address, or all of [block, block + size), lies in the buffer; once sealed, in the
// part of it that stays.
bool fba_owns_range(const struct fba *fba, const void *block, size_t size);
static inline bool fba_owns(const struct fba *fba, const void *block)
{
    return fba_owns_range(fba, block, 1);
}

// Figures, all in bytes; 0 for an allocator that is not ready.
size_t fba_capacity(const struct fba *fba);     // of the buffer
size_t fba_used(const struct fba *fba);         // permanent, padding included
size_t fba_scratch_used(const struct fba *fba); // scratch, padding included
size_t fba_reserved(const struct fba *fba);     // the panic reserve, taken or not
size_t fba_peak(const struct fba *fba);         // most of permanent and scratch together, ever
// The largest size that fba_alloc() would serve at this alignment; 0 if none or no power of two.
size_t fba_available(const struct fba *fba, size_t align);

// Calls `hook` with `context` at each refusal from now on; NULL: nobody. Allowed in any state.
void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context);

// What a status means, in a few words; "unknown" for a value outside the enumeration.
const char *fba_status_name(enum fba_status status);

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
