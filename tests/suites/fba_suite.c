// SPDX-License-Identifier: MIT
// What kmem/fba.h promises of permanent blocks, a case a promise. Read from top to bottom it is a
// manual. Scratch, marks and the rest of the life of an fba have suites of their own.
#include "tests/suites/suite.h"
#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"

void *memset(void *to, int value, size_t size);

#define PAGE 4096

static _Alignas(PAGE) unsigned char memory[2 * PAGE];
static struct fba fba;

// An fba never touches what it hands out unless it must clear or copy it, so its arithmetic can be
// tried at addresses where nothing is.
#define LOWEST ((void *)1)
#define HIGHEST_END (UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD + 1)

static void an_all_zero_allocator_is_not_ready(struct suite_run *run)
{
    static struct fba unready;
    struct fba_mark mark;

    CHECK_STATUS(run, fba_status(&unready), FBA_NOT_READY);
    CHECK(run, !fba_alloc(&unready, 1, 1));
    CHECK_STATUS(run, fba_explain(&unready).reason, FBA_NOT_READY);
    CHECK(run, !fba_alloc(&unready, 0, 1));
    CHECK(run, !fba_new(&unready, char));
    CHECK(run, !fba_scratch_alloc(&unready, 0, 1));
    CHECK_EQUAL(run, unready.failure.count, 4);
    CHECK_STATUS(run, fba_free(&unready, memory, 1), FBA_NOT_READY);
    CHECK_STATUS(run, fba_resize(&unready, memory, 1, 2), FBA_NOT_READY);
    CHECK_STATUS(run, fba_scratch_free(&unready, memory, 1), FBA_NOT_READY);
    CHECK_STATUS(run, fba_mark(&unready, &mark), FBA_NOT_READY);
    CHECK_STATUS(run, fba_reset(&unready), FBA_NOT_READY);
    CHECK(run, !fba_owns(&unready, memory) && !fba_owns_range(&unready, NULL, 0));
    CHECK_EQUAL(run, fba_capacity(&unready) + fba_used(&unready) + fba_available(&unready, 1), 0);
}

static void a_buffer_must_not_be_null_wrap_or_end_in_the_last_page(struct suite_run *run)
{
    CHECK_STATUS(run, fba_init(&fba, NULL, 16), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_init(&fba, memory, UINTPTR_MAX), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_init(&fba, (void *)UINTPTR_MAX, 0), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_init(&fba, (void *)(HIGHEST_END - 16), 17), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_status(&fba), FBA_NOT_READY);
    CHECK_STATUS(run, fba_init(&fba, (void *)(HIGHEST_END - 16), 16), FBA_OK);
    CHECK_STATUS(run, fba_init(&fba, LOWEST, HIGHEST_END - 1), FBA_OK);
    CHECK_STATUS(run, fba_init(&fba, memory, 0), FBA_OK);
}

static bool is_same_end(const struct fba_end *a, const struct fba_end *b)
{
    return a->edge == b->edge && a->bound == b->bound && a->watermark == b->watermark &&
           a->depth == b->depth;
}

static void a_static_initialiser_needs_no_code_to_run(struct suite_run *run)
{
    static unsigned char bytes[64];
    static unsigned char zeros[64];
    static struct fba early = FBA_INIT(bytes);
    static struct fba early_zeroed = FBA_INIT_ZEROED(zeros);
    static struct fba opened;

    CHECK_STATUS(run, fba_init(&opened, bytes, sizeof bytes), FBA_OK);
    CHECK(run, is_same_end(&early.lower, &opened.lower));
    CHECK(run, is_same_end(&early.upper, &opened.upper));
    CHECK_EQUAL(run, early.base, opened.base);
    CHECK_EQUAL(run, early.end, opened.end);
    CHECK_EQUAL(run, early.adopted, opened.adopted);
    CHECK_EQUAL(run, early.least_gap, opened.least_gap);
    CHECK_ADDRESS(run, fba_alloc(&early, 64, 1), bytes);

    CHECK_STATUS(run, fba_init_zeroed(&opened, zeros, sizeof zeros), FBA_OK);
    CHECK(run, is_same_end(&early_zeroed.lower, &opened.lower));
    CHECK(run, is_same_end(&early_zeroed.upper, &opened.upper));
    CHECK_ADDRESS(run, fba_alloc(&early_zeroed, 64, 1), zeros);
}

static void the_address_is_aligned_not_the_offset(struct suite_run *run)
{
    for (size_t align = 1; align <= PAGE; align *= 2) {
        fba_init(&fba, memory + 1, sizeof memory - 1);
        uintptr_t block = (uintptr_t)fba_alloc(&fba, 8, align);
        CHECK(run, block != 0);
        CHECK_EQUAL(run, block % align, 0);
        CHECK_ADDRESS(run, block, memory + (align == 1 ? 1 : align)); // the least padding
    }
}

static void an_exact_fit_succeeds(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK_EQUAL(run, fba_available(&fba, 1), 64);
    CHECK_ADDRESS(run, fba_alloc(&fba, 64, 1), memory);
    CHECK_EQUAL(run, fba_used(&fba), 64);
    CHECK_EQUAL(run, fba_available(&fba, 1), 0);
    CHECK(run, !fba_alloc(&fba, 1, 1));
}

static void after_a_failure_no_allocation_state_has_changed(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 10, 1);
    (void)fba_scratch_alloc(&fba, 10, 1);
    struct fba before = fba;

    CHECK(run, !fba_alloc(&fba, 45, 1));
    CHECK(run, !fba_alloc(&fba, 44, 8));
    CHECK(run, !fba_alloc(&fba, SIZE_MAX, 1));
    CHECK(run, !fba_alloc(&fba, 1, 0));
    CHECK(run, !fba_alloc_zeroed(&fba, 45, 1));
    CHECK(run, !fba_scratch_alloc(&fba, 45, 1));
    CHECK_EQUAL(run, fba.failure.count, 6);
    CHECK(run, is_same_end(&fba.lower, &before.lower) && is_same_end(&fba.upper, &before.upper));
    CHECK_EQUAL(run, fba.least_gap, before.least_gap);
    CHECK_ADDRESS(run, fba_alloc(&fba, 44, 1), memory + 10);
}

static void no_request_wraps_into_success(struct suite_run *run)
{
    static const struct {
        uintptr_t base;
        size_t size;
    } buffers[] = {
        {1, 0},
        {1, 64},
        {UINTPTR_MAX / 2, 64},
        {HIGHEST_END - 64, 64},
        {HIGHEST_END - 1, 1},
        {HIGHEST_END, 0},
    };

    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        for (unsigned bit = 0; bit < sizeof(size_t) * 8; bit++) {
            size_t align = (size_t)1 << bit;
            for (size_t less = 0; less < 70; less++) {
                CHECK_STATUS(run, fba_init(&fba, (void *)buffers[i].base, buffers[i].size), FBA_OK);
                CHECK(run, !fba_alloc(&fba, SIZE_MAX - less, align));
                CHECK(run, !fba_scratch_alloc(&fba, SIZE_MAX - less, align));
                uintptr_t block = (uintptr_t)fba_alloc(&fba, less, align);
                CHECK(run, block == 0 || (block >= buffers[i].base && block % align == 0 &&
                                          block - buffers[i].base <= buffers[i].size &&
                                          less <= buffers[i].base + buffers[i].size - block));
            }
        }
    }
}

static void an_alignment_must_be_a_power_of_two(struct suite_run *run)
{
    static const size_t wrong[] = {0, 3, 6, 12, 4095, SIZE_MAX, SIZE_MAX - 1};

    fba_init(&fba, memory, 64);
    unsigned char *block = fba_alloc(&fba, 8, 8);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(run, !fba_alloc(&fba, 0, wrong[i]));
        CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
        CHECK_EQUAL(run, fba_explain(&fba).shortfall, 0);
        CHECK(run, !fba_alloc_inline(&fba, 1, wrong[i]));
        CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
        CHECK(run, !fba_alloc_zeroed(&fba, 1, wrong[i]));
        CHECK(run, !fba_alloc_array(&fba, 1, 1, wrong[i]));
        CHECK(run, !fba_scratch_alloc(&fba, 1, wrong[i]));
        CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
        CHECK(run, !fba_realloc(&fba, block, 8, 4, wrong[i]));
        CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
        CHECK_EQUAL(run, fba_available(&fba, wrong[i]), 0);
    }
    CHECK_EQUAL(run, fba_used(&fba), 8);
}

static void zero_bytes_yield_an_aligned_address_that_costs_at_most_padding(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK_ADDRESS(run, fba_alloc(&fba, 0, 1), memory);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    (void)fba_alloc(&fba, 1, 1);
    CHECK_ADDRESS(run, fba_alloc(&fba, 0, 16), memory + 16);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    (void)fba_alloc(&fba, 48, 1);
    CHECK_ADDRESS(run, fba_alloc(&fba, 0, 64), memory + 64); // none left, none needed
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 0, 1), memory + 64);
    CHECK_STATUS(run, fba_free(&fba, memory + 64, 0), FBA_OK);
    CHECK(run, !fba_alloc(&fba, 0, 128));
}

static void a_product_that_overflows_is_too_large(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK(run, !fba_alloc_array(&fba, SIZE_MAX / 2, 3, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_TOO_LARGE);
    CHECK_EQUAL(run, fba.failure.size, SIZE_MAX);
    CHECK(run, !fba_alloc_array_zeroed(&fba, 16, SIZE_MAX / 16 + 1, 1));
    CHECK(run, !fba_new_array(&fba, uint64_t, SIZE_MAX / 8 + 2));
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_ADDRESS(run, fba_alloc_array(&fba, 8, 8, 8), memory);
    CHECK_ADDRESS(run, fba_alloc_array(&fba, 0, SIZE_MAX, 1), memory + 64);
    CHECK_ADDRESS(run, fba_alloc_array(&fba, SIZE_MAX, 0, 1), memory + 64);
}

static void typed_helpers_size_and_align_by_the_type(struct suite_run *run)
{
    struct thing {
        char letter;
        uint64_t number;
    };

    fba_init(&fba, memory, 256);
    (void)fba_alloc(&fba, 1, 1);
    struct thing *one = fba_new(&fba, struct thing);
    CHECK(run, one && (uintptr_t)one % _Alignof(struct thing) == 0);
    size_t used = fba_used(&fba);
    struct thing *many = fba_new_array(&fba, struct thing, 3);
    CHECK_ADDRESS(run, many, one + 1);
    CHECK_EQUAL(run, fba_used(&fba) - used, 3 * sizeof(struct thing));
    CHECK(run, !fba_new_array(&fba, struct thing, 1000));
}

static void frees_in_reverse_order_unwind_as_a_chain(struct suite_run *run)
{
    unsigned char *blocks[8];

    fba_init(&fba, memory, 64);
    for (size_t i = 0; i < 8; i++)
        blocks[i] = fba_alloc(&fba, i + 1, 1);
    for (size_t i = 8; i > 0; i--)
        CHECK_STATUS(run, fba_free(&fba, blocks[i - 1], i), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 36);
}

static void one_free_may_give_back_several_adjacent_blocks(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 4, 1);
    unsigned char *second = fba_alloc(&fba, 8, 1);
    (void)fba_alloc(&fba, 16, 1);
    CHECK_STATUS(run, fba_free(&fba, second, 24), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 4);
}

static void padding_below_a_freed_block_stays_taken(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *first = fba_alloc(&fba, 1, 1);
    unsigned char *second = fba_alloc(&fba, 8, 16);
    CHECK_STATUS(run, fba_free(&fba, second, 8), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_STATUS(run, fba_free(&fba, first, 1), FBA_NOT_LAST);
}

static void a_free_of_a_block_that_is_not_last_does_nothing_and_says_so(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *first = fba_alloc(&fba, 8, 1);
    (void)fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_free(&fba, first, 8), FBA_NOT_LAST);
    CHECK_EQUAL(run, fba_used(&fba), 16);
}

static void freeing_null_is_no_error(struct suite_run *run)
{
    static struct fba unready;

    CHECK_STATUS(run, fba_free(&unready, NULL, 0), FBA_OK);
    CHECK_STATUS(run, fba_scratch_free(&unready, NULL, 0), FBA_OK);
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_free(&fba, NULL, 8), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, NULL, 0), FBA_OK);
    CHECK_STATUS(run, fba_scratch_free(&fba, NULL, 8), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 8);
}

static void what_cannot_be_freed_says_why(struct suite_run *run)
{
    fba_init(&fba, memory + 8, 64);
    unsigned char *block = fba_alloc(&fba, 8, 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, 8, 1);

    CHECK_STATUS(run, fba_free(&fba, memory, 8), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, memory + 73, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, (void *)UINTPTR_MAX, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, block, 9), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_free(&fba, block, SIZE_MAX), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_free(&fba, block + 9, 1), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_free(&fba, block + 9, SIZE_MAX), FBA_BAD_BLOCK); // wraps to the last byte
    CHECK_STATUS(run, fba_free(&fba, scratch, 8), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_free(&fba, block, 4), FBA_NOT_LAST);
    CHECK_EQUAL(run, fba_used(&fba), 8);
    CHECK_STATUS(run, fba_free(&fba, block, 8), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, block, 8), FBA_BAD_BLOCK); // twice
}

static void what_cannot_be_freed_says_why_where_frees_are_fast_too(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 64);
    unsigned char *block = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_free(&fba, block, 8), FBA_OK); // from now on frees below are fast
    block = fba_alloc(&fba, 6, 1);
    CHECK_STATUS(run, fba_free(&fba, block + 8, SIZE_MAX - 1), FBA_BAD_BLOCK); // wraps to the last
    CHECK_STATUS(run, fba_free(&fba, block, 7), FBA_BAD_BLOCK);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_free(&fba, block, 6), FBA_PROTECTED);
    CHECK_EQUAL(run, fba_used(&fba), 6);
}

static void the_last_block_grows_in_place_to_the_exact_end(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 8, 1);
    unsigned char *block = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_resize(&fba, block, 8, 56), FBA_OK);
    CHECK_EQUAL(run, fba_available(&fba, 1), 0);
    CHECK_STATUS(run, fba_resize(&fba, block, 56, 57), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_resize(&fba, block, 56, SIZE_MAX), FBA_EXHAUSTED);
    CHECK_EQUAL(run, fba.failure.count, 0);
}

static void what_is_compiled_in_answers_as_the_function_does(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, sizeof memory);
    CHECK_ADDRESS(run, fba_alloc_inline(&fba, PAGE + 1, 1), memory); // more than it compares
    CHECK(run, !fba_alloc_inline(&fba, PAGE, 1));
    CHECK(run, !fba_alloc_inline(&fba, 1, 2 * PAGE) && !fba_alloc_inline(&fba, 1, 3));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
    CHECK_STATUS(run, fba_free(&fba, memory, PAGE + 1), FBA_OK);

    unsigned char *block = fba_alloc_inline(&fba, 8, 8);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 8, 4), FBA_OK);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 4, PAGE + 5), FBA_OK);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, PAGE + 5, 2 * PAGE), FBA_OK);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 2 * PAGE, 2 * PAGE + 1), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 2 * PAGE, 8), FBA_OK);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    unsigned char *last = fba_alloc_inline(&fba, 8, 8);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 8, 9), FBA_PROTECTED);
    CHECK_STATUS(run, fba_resize_inline(&fba, block, 16, 17), FBA_PROTECTED); // ends with the last
    CHECK_STATUS(run, fba_resize_inline(&fba, last, 8, 9), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
}

static void a_free_compiled_in_forgets_neither_peak_nor_what_was_handed_out(struct suite_run *run)
{
    struct fba_ranges ranges;

    memset(memory, 0, 64);
    fba_init_zeroed(&fba, memory, 64);
    unsigned char *block = fba_alloc_inline(&fba, 48, 1);
    memset(block, 0xdd, 48);
    CHECK_STATUS(run, fba_free_inline(&fba, block, 48), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 48);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 64, 1), 64, 0);
    CHECK_STATUS(run, fba_free_inline(&fba, memory, 64), FBA_OK);

    // Scratch makes each free look at both again, which are where they were.
    (void)fba_scratch_alloc(&fba, 8, 1);
    block = fba_alloc_inline(&fba, 8, 1);
    CHECK_STATUS(run, fba_free_inline(&fba, block, 8), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 64);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 56, 1), 56, 0);

    CHECK_STATUS(run, fba_seal(&fba, 16, &ranges), FBA_OK);
    CHECK_STATUS(run, fba_free_inline(&fba, memory, 56), FBA_PERMANENT);
}

static void the_last_block_shrinks_and_gives_the_bytes_back(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *block = fba_alloc(&fba, 32, 1);
    CHECK_STATUS(run, fba_resize(&fba, block, 32, 5), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 5);
    CHECK_STATUS(run, fba_resize(&fba, block, 5, 0), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 32);
}

static void another_block_shrinks_in_name_and_does_not_grow(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *first = fba_alloc(&fba, 8, 1);
    (void)fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_resize(&fba, first, 8, 4), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_STATUS(run, fba_resize(&fba, first, 8, 8), FBA_OK);
    CHECK_STATUS(run, fba_resize(&fba, first, 4, 5), FBA_NOT_LAST);
    CHECK_STATUS(run, fba_resize(&fba, memory + 80, 4, 2), FBA_FOREIGN);
    CHECK_STATUS(run, fba_resize(&fba, first, 17, 2), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_resize(&fba, NULL, 4, 2), FBA_FOREIGN);
}

static void remap_is_resize_or_null_and_never_moves(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *first = fba_alloc(&fba, 8, 1);
    unsigned char *last = fba_alloc(&fba, 8, 1);
    CHECK(run, !fba_remap(&fba, first, 8, 9));
    CHECK_ADDRESS(run, fba_remap(&fba, first, 8, 2), first);
    CHECK_ADDRESS(run, fba_remap(&fba, last, 8, 56), last);
    CHECK(run, !fba_remap(&fba, last, 56, 57));
}

static void realloc_grows_in_place_when_it_can(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    unsigned char *block = fba_alloc(&fba, 8, 8);
    CHECK_ADDRESS(run, fba_realloc(&fba, block, 8, 64, 8), block);
    CHECK_ADDRESS(run, fba_realloc(&fba, block, 64, 2, 8), block);
    CHECK_EQUAL(run, fba_used(&fba), 2);
}

static void realloc_else_moves_copies_the_lesser_size_and_frees_the_old(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    memset(memory, 0, 64);
    unsigned char *block = fba_alloc(&fba, 4, 1);
    memset(block, 7, 4);
    (void)fba_alloc(&fba, 4, 1);
    unsigned char *moved = fba_realloc(&fba, block, 4, 6, 1);
    CHECK_ADDRESS(run, moved, memory + 8);
    CHECK_BYTES(run, moved, 4, 7);
    CHECK_BYTES(run, moved + 4, 2, 0);

    // It also moves for the sake of an alignment; min(old, new) are copied.
    unsigned char *aligned = fba_realloc(&fba, moved, 6, 3, 16);
    CHECK_ADDRESS(run, aligned, memory + 16);
    CHECK_BYTES(run, aligned, 3, 7);
    CHECK_EQUAL(run, aligned[3], 0);
}

static void realloc_that_fails_leaves_the_block_intact(struct suite_run *run)
{
    fba_init(&fba, memory, 16);
    unsigned char *block = fba_alloc(&fba, 8, 1);
    memset(block, 9, 8);
    (void)fba_alloc(&fba, 1, 1);
    CHECK(run, !fba_realloc(&fba, block, 8, 9, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_EXHAUSTED);
    CHECK_BYTES(run, block, 8, 9);
    CHECK_EQUAL(run, fba_used(&fba), 9);
}

static void realloc_from_zero_allocates_and_to_zero_frees(struct suite_run *run)
{
    fba_init(&fba, memory, 16);
    unsigned char *block = fba_realloc(&fba, NULL, 0, 8, 1);
    CHECK_ADDRESS(run, block, memory);
    CHECK(run, !fba_realloc(&fba, block, 8, 0, 1));
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, fba.failure.count, 0);
    CHECK_ADDRESS(run, fba_realloc(&fba, memory + 100, 0, 8, 1), memory); // zero bytes of anybody
    CHECK(run, !fba_realloc(&fba, NULL, 0, 0, 1));
}

static void realloc_of_a_foreign_block_copies_it_and_leaves_it_alone(struct suite_run *run)
{
    static unsigned char foreign[4] = {1, 1, 1, 1};

    fba_init(&fba, memory, 16);
    unsigned char *block = fba_realloc(&fba, foreign, 4, 8, 1);
    CHECK_ADDRESS(run, block, memory);
    CHECK_BYTES(run, block, 4, 1);
    CHECK_BYTES(run, foreign, 4, 1);
}

static void in_eight_bytes_one_word_fits_and_again_after_a_reset(struct suite_run *run)
{
    fba_init(&fba, memory, 8);
    uint64_t *first = fba_new(&fba, uint64_t);
    CHECK(run, first);
    CHECK(run, !fba_new(&fba, uint64_t));
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_ADDRESS(run, fba_new(&fba, uint64_t), first);
}

static void in_ten_bytes_a_block_of_five_grows_to_ten_and_not_to_eleven(struct suite_run *run)
{
    fba_init(&fba, memory, 10);
    unsigned char *block = fba_alloc(&fba, 5, 1);
    CHECK_ADDRESS(run, fba_realloc(&fba, block, 5, 10, 1), block);
    CHECK(run, !fba_realloc(&fba, block, 10, 11, 1));
}

static void in_ten_bytes_the_first_of_two_blocks_moves_to_grow(struct suite_run *run)
{
    fba_init(&fba, memory, 10);
    unsigned char *first = fba_alloc(&fba, 2, 1);
    (void)fba_alloc(&fba, 2, 1);
    memset(first, 5, 2);
    unsigned char *moved = fba_realloc(&fba, first, 2, 4, 1);
    CHECK_ADDRESS(run, moved, memory + 4);
    CHECK_BYTES(run, moved, 2, 5);
}

static void a_hundred_pointers_are_grown_walked_and_destroyed(struct suite_run *run)
{
    size_t capacity = 4;

    fba_init(&fba, memory, sizeof memory);
    int **list = fba_new_array(&fba, int *, capacity);
    for (size_t i = 0; i < 100; i++) {
        if (i == capacity) {
            list = fba_realloc(&fba, list, capacity * sizeof *list, 2 * capacity * sizeof *list,
                               _Alignof(int *));
            capacity *= 2;
        }
        CHECK(run, list);
        list[i] = fba_new(&fba, int);
        CHECK(run, list[i]);
        *list[i] = (int)i;
    }
    for (size_t i = 0; i < 100; i++)
        CHECK_EQUAL(run, *list[i], i);
    for (size_t i = 100; i > 0; i--)
        CHECK(run, fba_free(&fba, list[i - 1], sizeof(int)) != FBA_BAD_BLOCK);
    CHECK(run, fba_free(&fba, list, capacity * sizeof *list) != FBA_BAD_BLOCK);
}

static void alignments_to_half_a_page_hold_through_grow_shrink_and_free(struct suite_run *run)
{
    for (size_t align = 1; align <= PAGE / 2; align *= 2) {
        fba_init(&fba, memory + 1, sizeof memory - 1);
        unsigned char *block = fba_alloc(&fba, 100, align);
        CHECK(run, block && (uintptr_t)block % align == 0);
        memset(block, 3, 100);
        CHECK_ADDRESS(run, fba_realloc(&fba, block, 100, 300, align), block);
        (void)fba_alloc(&fba, 1, 1);
        unsigned char *moved = fba_realloc(&fba, block, 300, 400, align);
        CHECK(run, moved && moved != block && (uintptr_t)moved % align == 0);
        CHECK_BYTES(run, moved, 100, 3);
        CHECK_ADDRESS(run, fba_realloc(&fba, moved, 400, 10, align), moved);
        CHECK_BYTES(run, moved, 10, 3);
        CHECK_STATUS(run, fba_free(&fba, moved, 10), FBA_OK);
    }
}

static void a_shrink_of_an_over_aligned_block_keeps_its_bytes(struct suite_run *run)
{
    fba_init(&fba, memory + 1, sizeof memory - 1);
    unsigned char *block = fba_alloc(&fba, 512, PAGE);
    CHECK(run, block);
    memset(block, 6, 512);
    CHECK_ADDRESS(run, fba_realloc(&fba, block, 512, 100, PAGE), block);
    CHECK_BYTES(run, block, 100, 6);
    CHECK_ADDRESS(run, fba_realloc(&fba, block, 100, 50, 1), block);
    CHECK_BYTES(run, block, 50, 6);
}

static void zeroed_blocks_hold_zeros_whatever_was_there(struct suite_run *run)
{
    memset(memory, 0xaa, 256);
    fba_init(&fba, memory, 256);
    unsigned char *block = fba_alloc_zeroed(&fba, 100, 1);
    CHECK_BYTES(run, block, 100, 0);
    memset(block, 0xbb, 100);
    CHECK_STATUS(run, fba_free(&fba, block, 100), FBA_OK);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 200, 1), 200, 0);
    CHECK(run, !fba_alloc_zeroed(&fba, 57, 1));
    CHECK(run, fba_alloc_zeroed(&fba, 0, 1)); // and nothing is cleared
    CHECK_BYTES(run, memory + 200, 56, 0xaa);
}

static void fresh_memory_is_not_cleared_again(struct suite_run *run)
{
    // A false promise of zeros shows which bytes were not cleared.
    memset(memory, 1, 256);
    fba_init_zeroed(&fba, memory, 256);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 32, 1), 32, 1);
    (void)fba_alloc(&fba, 32, 1);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    // The first 64 bytes have been handed out, the others never.
    unsigned char *block = fba_alloc_zeroed(&fba, 128, 1);
    CHECK_BYTES(run, block, 64, 0);
    CHECK_BYTES(run, block + 64, 64, 1);
}

static void memory_that_was_scratch_is_not_taken_for_fresh(struct suite_run *run)
{
    memset(memory, 0, 256);
    fba_init_zeroed(&fba, memory, 256);
    unsigned char *scratch = fba_scratch_alloc(&fba, 100, 1);
    memset(scratch, 0xcc, 100);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 100), FBA_OK);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 256, 1), 256, 0);
}

static void used_memory_is_cleared_however_it_was_given_back(struct suite_run *run)
{
    struct fba_mark mark;

    for (int way = 0; way < 4; way++) {
        memset(memory, 0, 64);
        fba_init_zeroed(&fba, memory, 64);
        fba_mark(&fba, &mark);
        unsigned char *block = fba_alloc(&fba, 48, 1);
        memset(block, 0xdd, 48);
        if (way == 0)
            fba_rewind(&fba, &mark);
        else if (way == 1)
            fba_reset(&fba);
        else if (way == 2)
            fba_resize(&fba, block, 48, 0);
        else
            fba_free(&fba, block, 48);
        CHECK_EQUAL(run, fba_used(&fba), 0);
        CHECK_BYTES(run, fba_alloc_zeroed(&fba, 64, 1), 64, 0);
    }
}

static void a_failure_record_tells_all(struct suite_run *run)
{
    fba_init(&fba, memory + 1, 99);
    (void)fba_alloc(&fba, 16, 1);
    CHECK(run, !fba_alloc(&fba, 69, 16));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_EXHAUSTED);
    CHECK_EQUAL(run, fba.failure.size, 69);
    CHECK_EQUAL(run, fba.failure.align, 16);
    CHECK_EQUAL(run, fba_explain(&fba).available, 68);
    CHECK_EQUAL(run, fba_explain(&fba).shortfall, 1);
    CHECK(run, fba.failure.caller);
    CHECK_EQUAL(run, fba.failure.count, 1);
    CHECK(run, fba_alloc(&fba, fba_explain(&fba).available, 16));

    CHECK(run, !fba_alloc(&fba, 100, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_TOO_LARGE);
    CHECK(run, !fba_alloc(&fba, SIZE_MAX, 64));
    CHECK_EQUAL(run, fba_explain(&fba).shortfall, SIZE_MAX);
    CHECK_EQUAL(run, fba.failure.count, 3);
}

static void exhausted_means_that_it_would_fit_if_both_ends_were_empty(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    CHECK(run, fba_scratch_alloc(&fba, 60, 1));
    CHECK(run, !fba_alloc(&fba, 100, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_EXHAUSTED);
    CHECK_EQUAL(run, fba_explain(&fba).shortfall, 60);
    CHECK(run, !fba_alloc(&fba, 101, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_TOO_LARGE);
}

static void the_shortfall_is_what_a_buffer_needed_more(struct suite_run *run)
{
    for (size_t align = 1; align <= 256; align *= 2) {
        for (size_t size = 0; size < 300; size += 7) {
            fba_init(&fba, memory + 3, 40);
            (void)fba_alloc(&fba, 30, 1);
            if (fba_alloc(&fba, size, align))
                continue;
            size_t shortfall = fba_explain(&fba).shortfall;
            fba_init(&fba, memory + 3, 40 + shortfall);
            (void)fba_alloc(&fba, 30, 1);
            CHECK(run, fba_alloc(&fba, size, align));
            fba_init(&fba, memory + 3, 40 + shortfall - 1);
            (void)fba_alloc(&fba, 30, 1);
            CHECK(run, !fba_alloc(&fba, size, align));
        }
    }
}

struct hook_calls {
    size_t count;
    size_t size;
    const struct fba *fba;
};

static void note_call(struct fba *failed, void *context)
{
    struct hook_calls *calls = context;

    calls->count++;
    calls->size = failed->failure.size;
    calls->fba = failed;
}

static void the_hook_is_called_at_each_failure(struct suite_run *run)
{
    struct hook_calls calls = {0};

    fba_init(&fba, memory, 64);
    fba_set_failure_hook(&fba, note_call, &calls);
    CHECK(run, fba_alloc(&fba, 64, 1));
    CHECK_EQUAL(run, calls.count, 0);
    CHECK(run, !fba_alloc(&fba, 65, 1));
    CHECK_EQUAL(run, calls.count, 1);
    CHECK_EQUAL(run, calls.size, 65);
    CHECK_ADDRESS(run, calls.fba, &fba);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK); // the hook stays
    CHECK(run, !fba_scratch_alloc(&fba, 66, 1));
    CHECK_EQUAL(run, calls.count, 2);
    CHECK(run, !fba_alloc(&fba, 1, 3)); // misuse is one as well
    CHECK_EQUAL(run, calls.count, 3);
    fba_set_failure_hook(&fba, NULL, NULL);
    CHECK(run, !fba_alloc(&fba, 67, 1));
    CHECK_EQUAL(run, calls.count, 3);
}

static void what_is_owned_lies_in_the_buffer(struct suite_run *run)
{
    fba_init(&fba, memory + 8, 64);
    CHECK(run, fba_owns(&fba, memory + 8) && fba_owns(&fba, memory + 71));
    CHECK(run, !fba_owns(&fba, memory + 7) && !fba_owns(&fba, memory + 72));
    CHECK(run, !fba_owns(&fba, NULL));
    CHECK(run, fba_owns_range(&fba, memory + 8, 64));
    CHECK(run, !fba_owns_range(&fba, memory + 8, 65));
    CHECK(run, !fba_owns_range(&fba, memory + 71, SIZE_MAX));
}

static void available_is_what_the_next_allocation_gets(struct suite_run *run)
{
    for (size_t align = 1; align <= 128; align *= 2) {
        fba_init(&fba, memory + 5, 100);
        (void)fba_alloc(&fba, 2, 1);
        size_t available = fba_available(&fba, align);
        CHECK(run, !fba_alloc(&fba, available + 1, align));
        CHECK(run, available == 0 || fba_alloc(&fba, available, align));
    }
}

static void each_status_has_a_name(struct suite_run *run)
{
    for (int status = FBA_OK; status <= FBA_MARK_OVERTAKEN; status++) {
        CHECK(run, !suite_same_text(fba_status_name((enum fba_status)status), "unknown"));
        for (int other = FBA_OK; other < status; other++)
            CHECK(run, !suite_same_text(fba_status_name((enum fba_status)status),
                                        fba_status_name((enum fba_status)other)));
    }
    CHECK_TEXT(run, fba_status_name((enum fba_status)(FBA_MARK_OVERTAKEN + 1)), "unknown");
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_all_zero_allocator_is_not_ready),
    SUITE_CASE(a_buffer_must_not_be_null_wrap_or_end_in_the_last_page),
    SUITE_CASE(a_static_initialiser_needs_no_code_to_run),
    SUITE_CASE(the_address_is_aligned_not_the_offset),
    SUITE_CASE(an_exact_fit_succeeds),
    SUITE_CASE(after_a_failure_no_allocation_state_has_changed),
    SUITE_CASE(no_request_wraps_into_success),
    SUITE_CASE(an_alignment_must_be_a_power_of_two),
    SUITE_CASE(zero_bytes_yield_an_aligned_address_that_costs_at_most_padding),
    SUITE_CASE(a_product_that_overflows_is_too_large),
    SUITE_CASE(typed_helpers_size_and_align_by_the_type),
    SUITE_CASE(frees_in_reverse_order_unwind_as_a_chain),
    SUITE_CASE(one_free_may_give_back_several_adjacent_blocks),
    SUITE_CASE(padding_below_a_freed_block_stays_taken),
    SUITE_CASE(a_free_of_a_block_that_is_not_last_does_nothing_and_says_so),
    SUITE_CASE(what_cannot_be_freed_says_why),
    SUITE_CASE(freeing_null_is_no_error),
    SUITE_CASE(what_cannot_be_freed_says_why_where_frees_are_fast_too),
    SUITE_CASE(the_last_block_grows_in_place_to_the_exact_end),
    SUITE_CASE(what_is_compiled_in_answers_as_the_function_does),
    SUITE_CASE(a_free_compiled_in_forgets_neither_peak_nor_what_was_handed_out),
    SUITE_CASE(the_last_block_shrinks_and_gives_the_bytes_back),
    SUITE_CASE(another_block_shrinks_in_name_and_does_not_grow),
    SUITE_CASE(remap_is_resize_or_null_and_never_moves),
    SUITE_CASE(realloc_grows_in_place_when_it_can),
    SUITE_CASE(realloc_else_moves_copies_the_lesser_size_and_frees_the_old),
    SUITE_CASE(realloc_that_fails_leaves_the_block_intact),
    SUITE_CASE(realloc_from_zero_allocates_and_to_zero_frees),
    SUITE_CASE(realloc_of_a_foreign_block_copies_it_and_leaves_it_alone),
    SUITE_CASE(in_eight_bytes_one_word_fits_and_again_after_a_reset),
    SUITE_CASE(in_ten_bytes_a_block_of_five_grows_to_ten_and_not_to_eleven),
    SUITE_CASE(in_ten_bytes_the_first_of_two_blocks_moves_to_grow),
    SUITE_CASE(a_hundred_pointers_are_grown_walked_and_destroyed),
    SUITE_CASE(alignments_to_half_a_page_hold_through_grow_shrink_and_free),
    SUITE_CASE(a_shrink_of_an_over_aligned_block_keeps_its_bytes),
    SUITE_CASE(zeroed_blocks_hold_zeros_whatever_was_there),
    SUITE_CASE(fresh_memory_is_not_cleared_again),
    SUITE_CASE(memory_that_was_scratch_is_not_taken_for_fresh),
    SUITE_CASE(used_memory_is_cleared_however_it_was_given_back),
    SUITE_CASE(a_failure_record_tells_all),
    SUITE_CASE(exhausted_means_that_it_would_fit_if_both_ends_were_empty),
    SUITE_CASE(the_shortfall_is_what_a_buffer_needed_more),
    SUITE_CASE(the_hook_is_called_at_each_failure),
    SUITE_CASE(what_is_owned_lies_in_the_buffer),
    SUITE_CASE(available_is_what_the_next_allocation_gets),
    SUITE_CASE(each_status_has_a_name),
};
const struct suite fba_suite = SUITE("fba", cases);
