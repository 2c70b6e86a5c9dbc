// SPDX-License-Identifier: MIT
// fba_inline: what fba.h does, compiled into its callers: the fast paths of alloc, free, resize,
// mark and rewind, typed and counted forms, a scope that rewinds by itself, and realloc. Nothing
// but this header.
#ifndef KMEM_FBA_INLINE_H
#define KMEM_FBA_INLINE_H

#include "fba.h"

#ifdef __cplusplus
extern "C" {
// The alignment of a type, in the language of whatever includes this.
#define FBA_ALIGNOF(type) alignof(type)
#else
#define FBA_ALIGNOF(type) (__extension__ _Alignof(type)) // in C99 too
#endif

// As fba_alloc(), for a size and an alignment that are known where it is called: if neither exceeds
// FBA_ADDRESS_SPACE_GUARD, one comparison is enough.
static FBA_INLINE void *fba_alloc_inline(struct fba *fba, size_t size, size_t align)
{
    uintptr_t before = fba_byte_before_(fba->lower.edge, align);

    if (size > FBA_ADDRESS_SPACE_GUARD || align - 1 >= FBA_ADDRESS_SPACE_GUARD ||
        fba_has_several_bits_(align) || before + size >= fba->upper.edge)
        return fba_alloc(fba, size, align);
    fba->lower.edge = before + size;
    return fba_block_(before);
}

// Whether the block of `size` bytes that ends with `last` ends at the edge and begins behind the
// bound. The size says where it begins, so that no sum can wrap.
static FBA_INLINE bool fba_is_last_(const struct fba *fba, uintptr_t last, size_t size)
{
    return last == fba->lower.edge && size <= last - fba->lower.bound;
}

// As fba_free(). Compiled in is the last block.
static FBA_INLINE enum fba_status fba_free_inline(struct fba *fba, void *block, size_t size)
{
    uintptr_t before = (uintptr_t)block - 1, last = before + size;

    if (!fba_is_last_(fba, last, size))
        return fba_free(fba, block, size);
    if (FBA_UNLIKELY(last >= fba->fast_free_limit)) {
        if (fba->state != FBA_STATE_OPEN)
            return fba_free(fba, block, size);
        fba_note_peak_(fba);
        if (last > fba->lower.watermark)
            fba->lower.watermark = last;
        fba->fast_free_limit = last + 1;
    }
    fba->lower.edge = before;
    return FBA_OK;
}

// As fba_resize(). Compiled in is growth by up to FBA_ADDRESS_SPACE_GUARD.
static FBA_INLINE enum fba_status fba_resize_inline(struct fba *fba, void *block, size_t old_size,
                                                    size_t new_size)
{
    uintptr_t last = (uintptr_t)block - 1 + old_size;
    size_t more = new_size - old_size;

    if (new_size < old_size || more > FBA_ADDRESS_SPACE_GUARD ||
        !fba_is_last_(fba, last, old_size) || last + more >= fba->upper.edge)
        return fba_resize(fba, block, old_size, new_size);
    fba->lower.edge = last + more;
    return FBA_OK;
}

// As fba_mark().
static FBA_INLINE enum fba_status fba_mark_inline(struct fba *fba, struct fba_mark *mark)
{
    if (FBA_UNLIKELY(fba->state != FBA_STATE_OPEN))
        return fba_mark(fba, mark);
    mark->end = &fba->lower;
    mark->depth = ++fba->lower.depth;
    mark->outer_bound = fba->lower.bound;
    fba->lower.bound = fba->lower.edge;
    return FBA_OK;
}

// As fba_rewind(). Compiled in is the innermost mark, below the peak.
static FBA_INLINE enum fba_status fba_rewind_inline(struct fba *fba, struct fba_mark *mark)
{
    if (!fba_is_innermost_(fba, mark, &fba->lower) || fba->lower.edge >= fba->fast_free_limit)
        return fba_rewind(fba, mark);
    fba->lower.edge = fba->lower.bound;
    return fba_close_mark_(&fba->lower, mark);
}

// fba_resize() for callers that want an address: `block`, or NULL. Never moves.
static inline void *fba_remap(struct fba *fba, void *block, size_t old_size, size_t new_size)
{
    return fba_resize(fba, block, old_size, new_size) == FBA_OK ? block : NULL;
}

// A block of `new_size` bytes with the first min(old_size, new_size) bytes of `block`: in place
// if fba_resize() can and the address has the alignment, else a new block, a copy, and a free of
// the old one. From NULL or zero bytes it allocates; to zero bytes it frees and returns NULL.
// A block that is not ours is copied from and left alone. Needs memcpy.
// Fails iff no new block can be had: NULL, recorded, and `block` is intact. Linear in the copy.
static FBA_INLINE void *fba_realloc(struct fba *fba, void *block, size_t old_size, size_t new_size,
                                    size_t align)
{
    void *moved = NULL;

    if (new_size == 0) {
        (void)fba_free(fba, block, old_size);
        return NULL;
    }
    if (align != 0 && !fba_has_several_bits_(align) && ((uintptr_t)block & (align - 1)) == 0 &&
        fba_remap(fba, block, old_size, new_size))
        return block;
    moved = fba_alloc(fba, new_size, align);
    if (moved && block) {
        __builtin_memcpy(moved, block, old_size < new_size ? old_size : new_size);
        (void)fba_free(fba, block, old_size);
    }
    return moved;
}

// count × size, or SIZE_MAX, which no allocator serves, if that overflows.
static inline size_t fba_array_size(size_t count, size_t size)
{
#if defined(__arm__) && !defined(__ARM_FEATURE_IDIV) // where dividing is a library's function
    size_t product = 0;

    for (; count != 0 && size != 0; count >>= 1, size <<= 1) {
        if ((count & 1) != 0 && size > SIZE_MAX - product)
            return SIZE_MAX;
        product += (count & 1) != 0 ? size : 0;
        if (count > 1 && size > SIZE_MAX / 2)
            return SIZE_MAX;
    }
    return product;
#else
    return size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
#endif
}

// As fba_alloc() and fba_alloc_zeroed() for count × size bytes; a product that overflows fails as
// FBA_TOO_LARGE with size SIZE_MAX.
static FBA_INLINE void *fba_alloc_array(struct fba *fba, size_t count, size_t size, size_t align)
{
    return fba_alloc(fba, fba_array_size(count, size), align);
}

static FBA_INLINE void *fba_alloc_array_zeroed(struct fba *fba, size_t count, size_t size,
                                               size_t align)
{
    return fba_alloc_zeroed(fba, fba_array_size(count, size), align);
}

// The same, sized, aligned and typed by `type`.
#define fba_new(fba, type) ((type *)fba_alloc_inline((fba), sizeof(type), FBA_ALIGNOF(type)))
#define fba_new_array(fba, type, count)                                                            \
    ((type *)fba_alloc_array((fba), (count), sizeof(type), FBA_ALIGNOF(type)))

// FBA_SCOPE(fba) { ... } rewinds at the end of its block, also when the block is left by break,
// return or goto. Does not compile where the compiler lacks the attribute `cleanup`.
struct fba_scope_ {
    struct fba *fba;
    struct fba_mark mark;
};
#define FBA_SCOPE(fba) FBA_SCOPE_AT_(fba, __LINE__)
#define FBA_SCOPE_AT_(fba, line) FBA_SCOPE_NAMED_(fba, line)
#ifdef __has_attribute
#if __has_attribute(__cleanup__)
#define FBA_SCOPE_NAMED_(fba, line)                                                                \
    for (struct fba_scope_ fba_scope_##line                                                        \
         __attribute__((__cleanup__(fba_scope_close_))) = fba_scope_open_(fba),                    \
         *fba_once_##line = &fba_scope_##line;                                                     \
         fba_once_##line; fba_once_##line = NULL)
#endif
#endif
#ifndef FBA_SCOPE_NAMED_
#define FBA_SCOPE_NAMED_(fba, line) FBA_SCOPE_needs_the_attribute_cleanup
#endif

static inline struct fba_scope_ fba_scope_open_(struct fba *fba)
{
    struct fba_scope_ scope = {fba, {NULL, 0, 0}};

    (void)fba_mark_inline(fba, &scope.mark);
    return scope;
}

static inline void fba_scope_close_(struct fba_scope_ *scope)
{
    (void)fba_rewind_inline(scope->fba, &scope->mark);
}

#ifdef __cplusplus
}
#endif

#endif
