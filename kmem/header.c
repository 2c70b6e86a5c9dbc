// SPDX-License-Identifier: MIT
// The functions of header.h. A block begins one alignment behind the allocator's own block; the
// header stands right before it:
//
//     allocator's block        header   block
//     ├── … ───────────────────┼────────┼──────────────────┤
//     ◀───── header.align ─────────────▶◀── header.size ──▶
#include "header.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

// As max_align_t, which C99's stddef.h lacks.
#if __STDC_VERSION__ >= 201112L
typedef max_align_t header_any_type;
#else
typedef long double header_any_type;
#endif

struct block_header {
    size_t size;
    size_t align; // at least the size of a header, so that one fits before the block
};

static struct block_header *block_header_of(void *block)
{
    return (struct block_header *)block - 1;
}

// Bytes of the allocator's block; SIZE_MAX, which no allocator serves, if that overflows.
static size_t whole_size(size_t size, size_t align)
{
    return size > SIZE_MAX - align ? SIZE_MAX : align + size;
}

static void *header_alloc_by(const struct allocator *allocator, size_t size, size_t align,
                             const void *caller)
{
    if (align - 1 < sizeof(struct block_header) && !fba_has_several_bits_(align))
        align = sizeof(struct block_header);

    unsigned char *whole = allocator_alloc_by(allocator, whole_size(size, align), align, caller);
    if (!whole)
        return NULL;
    *block_header_of(whole + align) = (struct block_header){size, align};
    return whole + align;
}

FBA_CALLED void *header_malloc(const struct allocator *allocator, size_t size)
{
    return header_alloc_by(allocator, size, FBA_ALIGNOF(header_any_type), FBA_CALLER);
}

FBA_CALLED void *header_aligned_alloc(const struct allocator *allocator, size_t align, size_t size)
{
    return header_alloc_by(allocator, size, align, FBA_CALLER);
}

FBA_CALLED void *header_calloc(const struct allocator *allocator, size_t count, size_t size)
{
    size_t bytes = fba_array_size(count, size);
    void *block = header_alloc_by(allocator, bytes, FBA_ALIGNOF(header_any_type), FBA_CALLER);

    return block ? memset(block, 0, bytes) : NULL;
}

static void header_free_by(const struct allocator *allocator, void *block, const void *caller)
{
    struct block_header header = *block_header_of(block);

    allocator->operations->free(allocator->context, (unsigned char *)block - header.align,
                                whole_size(header.size, header.align), header.align, caller);
}

static bool header_resize_by(const struct allocator *allocator, void *block, size_t new_size,
                             const void *caller)
{
    struct block_header *header = block_header_of(block);

    if (!allocator->operations->resize(allocator->context, (unsigned char *)block - header->align,
                                       whole_size(header->size, header->align),
                                       whole_size(new_size, header->align), header->align, caller))
        return false;
    header->size = new_size;
    return true;
}

FBA_CALLED void *header_realloc(const struct allocator *allocator, void *block, size_t new_size)
{
    if (!block)
        return header_alloc_by(allocator, new_size, FBA_ALIGNOF(header_any_type), FBA_CALLER);
    if (new_size == 0) {
        header_free_by(allocator, block, FBA_CALLER);
        return NULL;
    }
    if (header_resize_by(allocator, block, new_size, FBA_CALLER))
        return block;

    struct block_header old = *block_header_of(block);
    void *moved = header_alloc_by(allocator, new_size, old.align, FBA_CALLER);
    if (!moved)
        return NULL;
    memcpy(moved, block, old.size < new_size ? old.size : new_size);
    header_free_by(allocator, block, FBA_CALLER);
    return moved;
}

FBA_CALLED void header_free(const struct allocator *allocator, void *block)
{
    if (block)
        header_free_by(allocator, block, FBA_CALLER);
}

size_t header_size(const void *block)
{
    return ((const struct block_header *)block)[-1].size;
}
