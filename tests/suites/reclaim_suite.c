// SPDX-License-Identifier: MIT
// What kmem/reclaim.h promises: nothing is lost.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/reclaim.h"

static _Alignas(64) unsigned char memory[1024];
static struct fba fba;
static struct reclaim reclaim;
static struct reclaim_record records[8];

static struct allocator open_reclaim(size_t capacity)
{
    fba_init(&fba, memory, sizeof memory);
    reclaim_init(&reclaim, &fba, records, capacity);
    return reclaim_allocator(&reclaim);
}

static void padding_goes_back_with_the_block(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    unsigned char *first = allocator_alloc(&allocator, 1, 1);
    unsigned char *second = allocator_alloc(&allocator, 8, 64);

    allocator_free(&allocator, second, 8, 64);
    CHECK_EQUAL(run, fba_used(&fba), 1);
    allocator_free(&allocator, first, 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void blocks_freed_in_any_order_go_back_in_the_end(struct suite_run *run)
{
    static const unsigned char orders[][4] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}, {0, 2, 1, 3}};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct allocator allocator = open_reclaim(8);
        unsigned char *blocks[4];
        for (size_t j = 0; j < 4; j++)
            blocks[j] = allocator_alloc(&allocator, j + 3, (size_t)1 << (2 * j));
        for (size_t j = 0; j < 4; j++) {
            size_t k = orders[i][j];
            allocator_free(&allocator, blocks[k], k + 3, (size_t)1 << (2 * k));
        }
        CHECK_EQUAL(run, fba_used(&fba), 0);
        CHECK_EQUAL(run, reclaim.count, 0);
    }
}

static void a_resized_block_goes_back_whole(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    unsigned char *first = allocator_alloc(&allocator, 16, 1);
    CHECK(run, allocator_resize(&allocator, first, 16, 32, 1));
    unsigned char *second = allocator_alloc(&allocator, 16, 1);
    CHECK(run, allocator_resize(&allocator, first, 32, 8, 1)); // in name only
    CHECK(run, !allocator_resize(&allocator, first, 8, 33, 1));
    allocator_free(&allocator, second, 16, 1);
    allocator_free(&allocator, first, 8, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void a_block_of_zero_bytes_has_an_address_of_its_own(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    unsigned char *nothing = allocator_alloc(&allocator, 0, 1);
    unsigned char *block = allocator_alloc(&allocator, 16, 1);

    CHECK(run, nothing != block);
    allocator_free(&allocator, nothing, 0, 1);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 1, 1), block + 16); // the block is still there
    CHECK_EQUAL(run, reclaim.count, 2);

    allocator = open_reclaim(8);
    block = allocator_alloc(&allocator, 16, 1);
    nothing = allocator_alloc(&allocator, 0, 1);
    CHECK(run, allocator_resize(&allocator, block, 16, 0, 1));
    allocator_free(&allocator, block, 0, 1);
    allocator_free(&allocator, nothing, 0, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, reclaim.count, 0);
}

static void what_has_no_record_is_served_all_the_same(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(1);
    unsigned char *first = allocator_alloc(&allocator, 1, 1);
    unsigned char *second = allocator_alloc(&allocator, 1, 1);

    CHECK(run, first && second);
    allocator_free(&allocator, first, 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 2);
    allocator_free(&allocator, second, 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0); // the recorded one follows

    allocator = open_reclaim(0);
    first = allocator_alloc(&allocator, 8, 1);
    CHECK(run, allocator_resize(&allocator, first, 8, 16, 1));
    allocator_free(&allocator, first, 16, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

// Of two live blocks at a time, each freed before the next one dies.
static void a_record_a_live_block_is_enough(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(3);
    unsigned char *older = allocator_alloc(&allocator, 8, 1);
    unsigned char *newer = allocator_alloc(&allocator, 8, 8);

    for (size_t i = 0; i < 20; i++) {
        unsigned char *next = allocator_alloc(&allocator, 8 + i, 8);
        allocator_free(&allocator, older, 8 + (i < 2 ? 0 : i - 2), 8);
        CHECK_EQUAL(run, reclaim.count, 2);
        older = newer;
        newer = next;
    }
    allocator_free(&allocator, newer, 8 + 19, 8);
    CHECK_EQUAL(run, reclaim.count, 1);
    allocator_free(&allocator, older, 8 + 18, 8);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, reclaim.count, 0);
}

static void neighbours_that_wait_are_one_record(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    unsigned char *blocks[4];

    for (size_t i = 0; i < 4; i++)
        blocks[i] = allocator_alloc(&allocator, 8, 8);
    unsigned char *direct = fba_alloc(&fba, 8, 1);
    allocator_free(&allocator, blocks[2], 8, 8);
    CHECK_EQUAL(run, reclaim.count, 3);
    allocator_free(&allocator, blocks[3], 8, 8); // which waits for the direct one
    CHECK_EQUAL(run, reclaim.count, 3);
    allocator_free(&allocator, allocator_alloc(&allocator, 8, 8), 8, 8);
    CHECK_EQUAL(run, reclaim.count, 3);
    allocator_free(&allocator, blocks[1], 8, 8);
    allocator_free(&allocator, blocks[0], 8, 8);
    CHECK_EQUAL(run, reclaim.count, 1);
    CHECK_EQUAL(run, fba_used(&fba), 40);
    CHECK_STATUS(run, fba_free(&fba, direct, 8), FBA_OK);
    allocator_free(&allocator, allocator_alloc(&allocator, 1, 1), 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void what_failed_has_no_record(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);

    CHECK(run, !allocator_alloc(&allocator, sizeof memory + 1, 1));
    CHECK_EQUAL(run, reclaim.count, 0);
}

static void a_direct_allocation_above_holds_back_what_lies_below(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    unsigned char *first = allocator_alloc(&allocator, 8, 1);
    unsigned char *direct = fba_alloc(&fba, 8, 1);

    allocator_free(&allocator, first, 8, 1);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_STATUS(run, fba_free(&fba, direct, 8), FBA_OK);
    allocator_free(&allocator, allocator_alloc(&allocator, 1, 1), 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void what_a_rewind_has_taken_is_forgotten(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    struct fba_mark mark;

    unsigned char *older = allocator_alloc(&allocator, 8, 1);
    fba_mark(&fba, &mark);
    (void)allocator_alloc(&allocator, 8, 1);
    allocator_free(&allocator, older, 8, 1);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    reclaim_forget(&reclaim);
    CHECK_EQUAL(run, reclaim.count, 1);
    unsigned char *next = allocator_alloc(&allocator, 8, 1);
    allocator_free(&allocator, next, 8, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    (void)allocator_alloc(&allocator, 8, 1);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    reclaim_forget(&reclaim);
    CHECK_EQUAL(run, reclaim.count, 0);
}

static void a_marked_block_waits_for_the_mark(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    struct fba_mark mark;

    unsigned char *older = allocator_alloc(&allocator, 8, 1);
    fba_mark(&fba, &mark);
    allocator_free(&allocator, older, 8, 1);
    CHECK_EQUAL(run, fba_used(&fba), 8); // protected
    CHECK_STATUS(run, fba_keep(&fba, &mark), FBA_OK);
    allocator_free(&allocator, allocator_alloc(&allocator, 1, 1), 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

// What is under the mark waits for its end, and what is above it goes back alone.
static void what_lies_on_both_sides_of_a_mark_stays_two(struct suite_run *run)
{
    struct allocator allocator = open_reclaim(8);
    struct fba_mark mark;
    unsigned char *first = allocator_alloc(&allocator, 8, 1);
    unsigned char *second = allocator_alloc(&allocator, 8, 1);

    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    unsigned char *above = allocator_alloc(&allocator, 8, 1);
    allocator_free(&allocator, first, 8, 1);
    allocator_free(&allocator, second, 8, 1);
    allocator_free(&allocator, above, 8, 1);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_STATUS(run, fba_keep(&fba, &mark), FBA_OK);
    allocator_free(&allocator, allocator_alloc(&allocator, 1, 1), 1, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(padding_goes_back_with_the_block),
    SUITE_CASE(blocks_freed_in_any_order_go_back_in_the_end),
    SUITE_CASE(a_resized_block_goes_back_whole),
    SUITE_CASE(a_block_of_zero_bytes_has_an_address_of_its_own),
    SUITE_CASE(what_has_no_record_is_served_all_the_same),
    SUITE_CASE(a_record_a_live_block_is_enough),
    SUITE_CASE(neighbours_that_wait_are_one_record),
    SUITE_CASE(what_failed_has_no_record),
    SUITE_CASE(a_direct_allocation_above_holds_back_what_lies_below),
    SUITE_CASE(what_a_rewind_has_taken_is_forgotten),
    SUITE_CASE(a_marked_block_waits_for_the_mark),
    SUITE_CASE(what_lies_on_both_sides_of_a_mark_stays_two),
};
const struct suite reclaim_suite = SUITE("reclaim", cases);
