// SPDX-License-Identifier: MIT
// The second end of an fba: what kmem/fba.h promises of scratch.
#include "tests/suites/suite.h"
#include "kmem/fba_account.h"

static _Alignas(64) unsigned char memory[256];
static struct fba fba;

static void scratch_grows_down_from_the_end(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 10, 1), memory + 90);
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 10, 16), memory + 80);
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 3, 8), memory + 72); // padding above the block
    CHECK_EQUAL(run, fba_scratch_used(&fba), 28);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void the_two_ends_meet_and_never_cross(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    CHECK_ADDRESS(run, fba_alloc(&fba, 60, 1), memory);
    CHECK(run, !fba_scratch_alloc(&fba, 41, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_EXHAUSTED);
    CHECK_EQUAL(run, fba_explain(&fba).shortfall, 1);
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 40, 1), memory + 60);
    CHECK(run, !fba_alloc(&fba, 1, 1));
    CHECK(run, !fba_scratch_alloc(&fba, 1, 1));
    CHECK_ADDRESS(run, fba_alloc(&fba, 0, 1), memory + 60);
    CHECK_ADDRESS(run, fba_scratch_alloc(&fba, 0, 1), memory + 60);
    CHECK_EQUAL(run, fba_peak(&fba), 100);
}

static void the_last_scratch_block_is_given_back(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    unsigned char *first = fba_scratch_alloc(&fba, 10, 1);
    unsigned char *second = fba_scratch_alloc(&fba, 20, 1);
    CHECK_STATUS(run, fba_scratch_free(&fba, first, 10), FBA_NOT_LAST);
    CHECK_STATUS(run, fba_scratch_free(&fba, second, 20), FBA_OK);
    CHECK_STATUS(run, fba_scratch_free(&fba, first, 10), FBA_OK);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 30);
}

static void what_cannot_be_given_back_says_why(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    unsigned char *permanent = fba_alloc(&fba, 10, 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_scratch_free(&fba, memory + 101, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_scratch_free(&fba, permanent, 10), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 11), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, SIZE_MAX), FBA_BAD_BLOCK);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 10);
}

static void scratch_marks_nest_apart_from_permanent_ones(struct suite_run *run)
{
    struct fba_mark permanent;
    struct fba_mark scratch;

    fba_init(&fba, memory, 100);
    unsigned char *older = fba_scratch_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_mark(&fba, &permanent), FBA_OK);
    CHECK_STATUS(run, fba_scratch_mark(&fba, &scratch), FBA_OK);
    (void)fba_alloc(&fba, 10, 1);
    (void)fba_scratch_alloc(&fba, 20, 16);
    CHECK_STATUS(run, fba_rewind(&fba, &permanent), FBA_OK); // opened first, closed first
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_STATUS(run, fba_scratch_free(&fba, older, 10), FBA_PROTECTED);
    CHECK_STATUS(run, fba_rewind(&fba, &scratch), FBA_OK);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 10);
    CHECK_STATUS(run, fba_scratch_free(&fba, older, 10), FBA_OK);
}

static void a_reset_takes_scratch_as_well(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    (void)fba_alloc(&fba, 10, 1);
    (void)fba_scratch_alloc(&fba, 20, 1);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_EQUAL(run, fba_available(&fba, 1), 100);
    CHECK_EQUAL(run, fba_peak(&fba), 30);
}

static void the_peak_counts_both_ends_together(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    unsigned char *block = fba_alloc(&fba, 50, 1);
    CHECK_STATUS(run, fba_free(&fba, block, 50), FBA_OK);
    unsigned char *scratch = fba_scratch_alloc(&fba, 30, 1);
    block = fba_alloc(&fba, 40, 1);
    CHECK_STATUS(run, fba_free(&fba, block, 40), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 70);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 30), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 70);
    CHECK(run, fba_alloc(&fba, 71, 1));
    CHECK_EQUAL(run, fba_peak(&fba), 71);
}

static const struct suite_case cases[] = {
    SUITE_CASE(scratch_grows_down_from_the_end),
    SUITE_CASE(the_two_ends_meet_and_never_cross),
    SUITE_CASE(the_last_scratch_block_is_given_back),
    SUITE_CASE(what_cannot_be_given_back_says_why),
    SUITE_CASE(scratch_marks_nest_apart_from_permanent_ones),
    SUITE_CASE(a_reset_takes_scratch_as_well),
    SUITE_CASE(the_peak_counts_both_ends_together),
};
const struct suite scratch_suite = SUITE("scratch", cases);
