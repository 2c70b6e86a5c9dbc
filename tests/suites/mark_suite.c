// SPDX-License-Identifier: MIT
// Savepoints of an fba: what kmem/fba.h promises of marks, scopes and resets.
#include "tests/suites/suite.h"
#include "kmem/fba_account.h"
#include "kmem/fba_inline.h"

static _Alignas(64) unsigned char memory[256];
static struct fba fba;

static void rewind_gives_back_everything_since_with_its_padding(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 256);
    (void)fba_alloc(&fba, 3, 1);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    unsigned char *block = fba_alloc(&fba, 10, 64);
    CHECK_STATUS(run, fba_resize(&fba, block, 10, 50), FBA_OK);
    (void)fba_alloc(&fba, 7, 1);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 3);
}

static void keep_lets_it_stand(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 256);
    (void)fba_alloc(&fba, 3, 1);
    fba_mark(&fba, &mark);
    unsigned char *block = fba_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_keep(&fba, &mark), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 13);
    CHECK_STATUS(run, fba_free(&fba, block, 10), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, memory, 3), FBA_OK); // no longer protected
}

static void an_open_mark_is_a_floor(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 256);
    unsigned char *older = fba_alloc(&fba, 8, 1);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_free(&fba, older, 8), FBA_PROTECTED);
    CHECK_STATUS(run, fba_resize(&fba, older, 8, 9), FBA_PROTECTED);
    CHECK_STATUS(run, fba_resize(&fba, older, 8, 4), FBA_OK); // which gives nothing back
    CHECK_EQUAL(run, fba_used(&fba), 8);
    unsigned char *younger = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_free(&fba, older, 16), FBA_PROTECTED);
    CHECK_STATUS(run, fba_free(&fba, younger, 8), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, older, 8), FBA_OK);

    unsigned char *single = fba_alloc(&fba, 1, 1); // the byte just below the mark
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_resize(&fba, single, 1, 2), FBA_PROTECTED);
    CHECK_STATUS(run, fba_free(&fba, single, 1), FBA_PROTECTED);
}

static void marks_nest_strictly(struct suite_run *run)
{
    struct fba_mark outer;
    struct fba_mark inner;

    fba_init(&fba, memory, 256);
    fba_mark(&fba, &outer);
    (void)fba_alloc(&fba, 8, 1);
    fba_mark(&fba, &inner);
    (void)fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_rewind(&fba, &outer), FBA_MARK_NOT_INNERMOST);
    CHECK_STATUS(run, fba_keep(&fba, &outer), FBA_MARK_NOT_INNERMOST);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_STATUS(run, fba_rewind(&fba, &inner), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 8);
    CHECK_STATUS(run, fba_rewind(&fba, &outer), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void a_closed_mark_is_rejected(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 256);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_MARK_CLOSED);
    CHECK_STATUS(run, fba_keep(&fba, &mark), FBA_MARK_CLOSED);
    fba = (struct fba){0}; // of an allocator that is not open, that comes first
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_NOT_READY);
    CHECK_STATUS(run, fba_keep(&fba, &mark), FBA_NOT_READY);
}

static void a_mark_of_another_allocator_is_rejected(struct suite_run *run)
{
    static struct fba other;
    struct fba_mark mark;
    struct fba_mark never_opened = {0};

    fba_init(&fba, memory, 128);
    fba_init(&other, memory + 128, 128);
    fba_mark(&other, &mark);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_MARK_FOREIGN);
    CHECK_STATUS(run, fba_rewind(&fba, &never_opened), FBA_MARK_FOREIGN);
    CHECK_STATUS(run, fba_rewind(&other, &mark), FBA_OK);
}

static void a_mark_overtaken_by_a_reset_is_rejected(struct suite_run *run)
{
    struct fba_mark mark;
    struct fba_mark next;

    fba_init(&fba, memory, 256);
    (void)fba_alloc(&fba, 8, 1);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_MARK_OVERTAKEN);
    CHECK_STATUS(run, fba_resize(&fba, fba_alloc(&fba, 1, 1), 1, 0), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 0); // the mark is no floor any more
    CHECK_STATUS(run, fba_mark(&fba, &next), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_MARK_OVERTAKEN);
    CHECK_STATUS(run, fba_rewind(&fba, &next), FBA_OK);
    CHECK_STATUS(run, fba_scratch_mark(&fba, &mark), FBA_OK);
    CHECK_STATUS(run, fba_scratch_mark(&fba, &next), FBA_OK); // more than at the lower end
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &next), FBA_MARK_OVERTAKEN);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_MARK_OVERTAKEN);
}

static void a_reset_forgets_every_block_and_keeps_peak_and_failures(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 40, 1);
    (void)fba_alloc(&fba, 40, 1);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 40);
    CHECK_EQUAL(run, fba.failure.count, 1);
    CHECK_ADDRESS(run, fba_alloc(&fba, 64, 1), memory);
}

static void a_scope_rewinds_at_its_end(struct suite_run *run)
{
    fba_init(&fba, memory, 256);
    (void)fba_alloc(&fba, 8, 1);
    FBA_SCOPE(&fba)
    {
        (void)fba_alloc(&fba, 100, 1);
        FBA_SCOPE(&fba)
        {
            (void)fba_alloc(&fba, 100, 1);
            CHECK_EQUAL(run, fba_used(&fba), 208);
        }
        CHECK_EQUAL(run, fba_used(&fba), 108);
    }
    CHECK_EQUAL(run, fba_used(&fba), 8);
}

static size_t leave_by_return(void)
{
    FBA_SCOPE(&fba)
    {
        (void)fba_alloc(&fba, 50, 1);
        return fba_used(&fba);
    }
    return 0;
}

static void a_scope_rewinds_however_it_is_left(struct suite_run *run)
{
    fba_init(&fba, memory, 256);
    CHECK_EQUAL(run, leave_by_return(), 50);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    FBA_SCOPE(&fba)
    {
        (void)fba_alloc(&fba, 50, 1);
        break;
    }
    CHECK_EQUAL(run, fba_used(&fba), 0);
    FBA_SCOPE(&fba)
    {
        (void)fba_alloc(&fba, 50, 1);
        goto out;
    }
out:
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void a_scope_of_an_allocator_that_is_not_open_changes_nothing(struct suite_run *run)
{
    static struct fba unready;
    size_t rounds = 0;

    FBA_SCOPE(&unready)
    {
        rounds++;
    }
    CHECK_EQUAL(run, rounds, 1);
    CHECK_STATUS(run, fba_status(&unready), FBA_NOT_READY);
}

static const struct suite_case cases[] = {
    SUITE_CASE(rewind_gives_back_everything_since_with_its_padding),
    SUITE_CASE(keep_lets_it_stand),
    SUITE_CASE(an_open_mark_is_a_floor),
    SUITE_CASE(marks_nest_strictly),
    SUITE_CASE(a_closed_mark_is_rejected),
    SUITE_CASE(a_mark_of_another_allocator_is_rejected),
    SUITE_CASE(a_mark_overtaken_by_a_reset_is_rejected),
    SUITE_CASE(a_reset_forgets_every_block_and_keeps_peak_and_failures),
    SUITE_CASE(a_scope_rewinds_at_its_end),
    SUITE_CASE(a_scope_rewinds_however_it_is_left),
    SUITE_CASE(a_scope_of_an_allocator_that_is_not_open_changes_nothing),
};
const struct suite mark_suite = SUITE("mark", cases);
