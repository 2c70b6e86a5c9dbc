// SPDX-License-Identifier: MIT
// What kmem/header.h promises: malloc and its like over any allocator.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/header.h"

static _Alignas(256) unsigned char memory[1024];
static struct fba fba;
static struct allocator heap;

static void open_heap(void)
{
    fba_init(&fba, memory, sizeof memory);
    heap = fba_allocator(&fba);
}

static bool is_aligned(const void *block, size_t align)
{
    return ((uintptr_t)block & (align - 1)) == 0;
}

static void free_needs_no_size(struct suite_run *run)
{
    open_heap();
    void *block = header_malloc(&heap, 100);
    CHECK(run, block && is_aligned(block, _Alignof(max_align_t)));
    CHECK_EQUAL(run, header_size(block), 100);
    header_free(&heap, block);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    header_free(&heap, NULL);
}

static void every_alignment_is_kept(struct suite_run *run)
{
    for (size_t align = 1; align <= 256; align *= 2) {
        open_heap();
        unsigned char *block = header_aligned_alloc(&heap, align, 3);
        CHECK(run, block && is_aligned(block, align));
        for (size_t i = 0; i < 3; i++)
            block[i] = 0xff;
        CHECK_EQUAL(run, header_size(block), 3);
        header_free(&heap, block);
        CHECK_EQUAL(run, fba_used(&fba), 0);
    }
}

static void zero_bytes_have_a_block_of_their_own(struct suite_run *run)
{
    open_heap();
    void *one = header_malloc(&heap, 0);
    void *other = header_malloc(&heap, 0);
    CHECK(run, one && other && one != other);
    CHECK_EQUAL(run, header_size(other), 0);
}

static void calloc_clears_and_counts(struct suite_run *run)
{
    open_heap();
    void *used = header_malloc(&heap, 64);
    for (size_t i = 0; i < 64; i++)
        ((unsigned char *)used)[i] = 0xff;
    header_free(&heap, used);
    void *block = header_calloc(&heap, 8, 8);
    CHECK(run, block);
    CHECK_BYTES(run, block, 64, 0);
    CHECK(run, !header_calloc(&heap, SIZE_MAX / 2, 3));
    CHECK_EQUAL(run, fba.failure.size, SIZE_MAX);
}

static void realloc_grows_in_place_or_moves(struct suite_run *run)
{
    open_heap();
    unsigned char *first = header_realloc(&heap, NULL, 8);
    for (unsigned char i = 0; i < 8; i++)
        first[i] = i;
    CHECK_ADDRESS(run, header_realloc(&heap, first, 16), first);
    CHECK_EQUAL(run, header_size(first), 16);
    (void)header_malloc(&heap, 1);
    unsigned char *moved = header_realloc(&heap, first, 32);
    CHECK(run, moved && moved != first);
    for (unsigned char i = 0; i < 8; i++)
        CHECK_EQUAL(run, moved[i], i);
    CHECK_ADDRESS(run, header_realloc(&heap, moved, 4), moved);
    CHECK_EQUAL(run, header_size(moved), 4);
    CHECK(run, !header_realloc(&heap, moved, 0));
}

static void a_failure_changes_nothing_and_names_its_caller(struct suite_run *run)
{
    open_heap();
    unsigned char *block = header_malloc(&heap, 8);
    size_t used = fba_used(&fba);
    block[0] = 1;
    CHECK(run, !header_malloc(&heap, sizeof memory));
    CHECK(run, fba.failure.caller != NULL);
    CHECK(run, !header_malloc(&heap, SIZE_MAX));
    CHECK(run, !header_aligned_alloc(&heap, 0, 8));
    CHECK(run, !header_aligned_alloc(&heap, 3, 8));
    CHECK(run, !header_aligned_alloc(&heap, 48, 8));
    CHECK(run, !header_realloc(&heap, block, SIZE_MAX));
    CHECK_EQUAL(run, header_size(block), 8);
    CHECK_EQUAL(run, block[0], 1);
    CHECK_EQUAL(run, fba_used(&fba), used);
}

static bool never_resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                         const void *caller)
{
    (void)context;
    (void)block;
    (void)old_size;
    (void)new_size;
    (void)align;
    (void)caller;
    return false;
}

static void an_allocator_that_never_resizes_moves_each_block(struct suite_run *run)
{
    static struct allocator_operations operations;

    open_heap();
    operations = *heap.operations;
    operations.resize = never_resize;
    struct allocator fixed = {&operations, &fba};
    unsigned char *block = header_aligned_alloc(&fixed, 64, 16);
    block[3] = 3;
    unsigned char *moved = header_realloc(&fixed, block, 4);
    CHECK(run, moved && moved != block && is_aligned(moved, 64));
    CHECK_EQUAL(run, moved[3], 3);
    CHECK_EQUAL(run, header_size(moved), 4);
}

static const struct suite_case cases[] = {
    SUITE_CASE(free_needs_no_size),
    SUITE_CASE(every_alignment_is_kept),
    SUITE_CASE(zero_bytes_have_a_block_of_their_own),
    SUITE_CASE(calloc_clears_and_counts),
    SUITE_CASE(realloc_grows_in_place_or_moves),
    SUITE_CASE(an_allocator_that_never_resizes_moves_each_block),
    SUITE_CASE(a_failure_changes_nothing_and_names_its_caller),
};
const struct suite header_suite = SUITE("header", cases);
