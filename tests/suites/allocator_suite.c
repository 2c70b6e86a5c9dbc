// SPDX-License-Identifier: MIT
// The allocator interface over both ends of an fba, and the decorators that limit it and fall back
// from it: kmem/allocator.h, fba_allocator.h, limit.h, fallback.h.
#include "tests/suites/suite.h"

#include "kmem/failing.h"
#include "kmem/fallback.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_shared.h"
#include "kmem/free_lists.h"
#include "kmem/ledger.h"
#include "kmem/limit.h"
#include "kmem/poison.h"
#include "kmem/reclaim.h"
#include "kmem/redzone.h"

#define PAGE 4096

static _Alignas(PAGE) unsigned char memory[2 * PAGE];
static unsigned char more[128];
static struct fba fba;
static struct fba second;

static void the_permanent_end_behaves_as_the_fba_does(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    struct allocator allocator = fba_allocator(&fba);
    unsigned char *first = allocator_alloc(&allocator, 8, 1);
    unsigned char *last = allocator_alloc(&allocator, 8, 8);
    CHECK_ADDRESS(run, last, memory + 8);
    CHECK(run, !allocator_resize(&allocator, first, 8, 9, 1));
    CHECK(run, allocator_resize(&allocator, last, 8, 56, 8));
    CHECK(run, !allocator_remap(&allocator, last, 56, 57, 8));
    CHECK_ADDRESS(run, allocator_remap(&allocator, last, 56, 8, 8), last);
    allocator_free(&allocator, last, 8, 8);
    allocator_free(&allocator, NULL, 8, 8);
    CHECK_EQUAL(run, fba_used(&fba), 8);
}

static void the_scratch_end_shrinks_and_does_not_grow(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    struct allocator allocator = fba_scratch_allocator(&fba);
    unsigned char *block = allocator_alloc(&allocator, 8, 1);
    CHECK_ADDRESS(run, block, memory + 56);
    CHECK(run, allocator_resize(&allocator, block, 8, 4, 1));
    CHECK(run, !allocator_resize(&allocator, block, 8, 9, 1));
    allocator_free(&allocator, block, 8, 1);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 0);
}

static void a_product_that_overflows_fails(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    struct allocator allocator = fba_allocator(&fba);
    CHECK(run, !allocator_alloc_array(&allocator, SIZE_MAX / 2, 3, 1));
    CHECK_EQUAL(run, fba.failure.size, SIZE_MAX);
    CHECK(run, allocator_alloc_array(&allocator, SIZE_MAX, 0, 1)); // nothing, however often
    CHECK(run, allocator_new(&allocator, char));
    CHECK(run, allocator_new_array(&allocator, char, 63));
    CHECK(run, !allocator_new(&allocator, char));
}

static void what_exceeds_the_budget_of_a_limit_fails(struct suite_run *run)
{
    struct limit limit;

    fba_init(&fba, memory, 100);
    limit_init(&limit, fba_allocator(&fba), 50);
    struct allocator allocator = limit_allocator(&limit);
    unsigned char *block = allocator_alloc(&allocator, 30, 1);
    CHECK(run, block);
    CHECK(run, !allocator_alloc(&allocator, 21, 1));
    CHECK(run, !allocator_alloc(&allocator, SIZE_MAX, 1));
    CHECK(run, !allocator_resize(&allocator, block, 30, 51, 1));
    CHECK_EQUAL(run, limit.failures, 2);    // that it cannot grow is none
    CHECK_EQUAL(run, fba.failure.count, 0); // the fba never heard of them
    CHECK(run, allocator_resize(&allocator, block, 30, 50, 1));
    CHECK(run, allocator_resize(&allocator, block, 50, 10, 1));
    CHECK_EQUAL(run, limit.used, 10);
    CHECK_EQUAL(run, limit.peak, 50);
    allocator_free(&allocator, block, 10, 1);
    allocator_free(&allocator, block, 10, 1); // twice: no endless budget
    CHECK_EQUAL(run, limit.used, 0);
    CHECK(run, allocator_alloc(&allocator, 20, 1));
    CHECK_EQUAL(run, limit.peak, 50); // it was once
}

static void a_limit_counts_only_what_was_served(struct suite_run *run)
{
    struct limit limit;

    fba_init(&fba, memory, 10);
    limit_init(&limit, fba_allocator(&fba), 50);
    struct allocator allocator = limit_allocator(&limit);
    unsigned char *block = allocator_alloc(&allocator, 5, 1);
    CHECK(run, !allocator_alloc(&allocator, 11, 1));
    CHECK(run, !allocator_resize(&allocator, block, 5, 11, 1));
    CHECK_EQUAL(run, limit.used, 5);
    CHECK_EQUAL(run, limit.failures, 0);
}

static void what_the_first_cannot_serve_the_second_does(struct suite_run *run)
{
    fba_init(&fba, memory, 16);
    fba_init(&second, more, sizeof more);
    struct fallback fallback = {.first = &fba, .second = fba_allocator(&second)};
    struct allocator allocator = fallback_allocator(&fallback);
    unsigned char *small = allocator_alloc(&allocator, 16, 1);
    unsigned char *large = allocator_alloc(&allocator, 17, 1);
    CHECK(run, fba_owns(&fba, small) && fba_owns(&second, large));
    CHECK(run, allocator_alloc(&allocator, 0, 1));
    CHECK_EQUAL(run, fba.failure.count, 0); // it was asked whether, not for
    CHECK(run, !allocator_alloc(&allocator, 1, 3));
    CHECK_STATUS(run, fba_explain(&second).reason, FBA_BAD_ALIGNMENT);
}

static void each_block_goes_back_to_its_owner(struct suite_run *run)
{
    fba_init(&fba, memory, 16);
    fba_init(&second, more, sizeof more);
    struct fallback fallback = {.first = &fba, .second = fba_allocator(&second)};
    struct allocator allocator = fallback_allocator(&fallback);
    unsigned char *small = allocator_alloc(&allocator, 8, 1);
    unsigned char *large = allocator_alloc(&allocator, 20, 1);
    CHECK(run, !allocator_resize(&allocator, small, 8, 17, 1)); // never moves to the other
    CHECK(run, allocator_resize(&allocator, small, 8, 16, 1));
    CHECK(run, allocator_resize(&allocator, large, 20, 30, 1));
    allocator_free(&allocator, large, 30, 1);
    CHECK_EQUAL(run, fba_used(&second), 0);
    allocator_free(&allocator, small, 16, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void after_the_seal_everything_goes_to_the_successor(struct suite_run *run)
{
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    struct fallback fallback = {.first = &fba, .second = fba_allocator(&second)};
    struct allocator allocator = fallback_allocator(&fallback);
    unsigned char *permanent = allocator_alloc(&allocator, 100, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    // The successor lives in what the seal gave away.
    fba_init(&second, (void *)ranges.free.start, ranges.free.end - ranges.free.start);
    unsigned char *late = allocator_alloc(&allocator, 100, 1);
    CHECK_ADDRESS(run, late, ranges.free.start);
    CHECK_EQUAL(run, fba.failure.count, 0);
    allocator_free(&allocator, permanent, 100, 1); // ours, permanent: stays
    CHECK_EQUAL(run, fba_used(&second), 100);
    allocator_free(&allocator, late, 100, 1);
    CHECK_EQUAL(run, fba_used(&second), 0);
}

static void without_a_second_the_first_is_asked_for(struct suite_run *run)
{
    fba_init(&fba, memory, 16);
    struct fallback fallback = {.first = &fba};
    struct allocator allocator = fallback_allocator(&fallback);
    void *block = allocator_alloc(&allocator, 8, 1);
    CHECK(run, fba_owns(&fba, block));
    CHECK_EQUAL(run, allocator_available(&allocator, 1), 8);
    CHECK(run, !allocator_alloc(&allocator, 9, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_EXHAUSTED);
    CHECK(run, allocator_resize(&allocator, block, 8, 12, 1));
    allocator_free(&allocator, block, 12, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);

    fba_init(&second, more, sizeof more);
    fallback.second = fba_allocator(&second); // later, and nothing else changes
    CHECK(run, fba_owns(&second, allocator_alloc(&allocator, 17, 1)));
}

static void a_decorated_first_serves_on_after_the_seal(struct suite_run *run)
{
    static struct free_lists lists;
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    fba_init(&second, more, sizeof more);
    free_lists_init(&lists, &fba);
    struct fallback fallback = {
        .first = &fba, .second = fba_allocator(&second), .front = free_lists_allocator(&lists)};
    struct allocator allocator = fallback_allocator(&fallback);
    void *block = allocator_alloc(&allocator, 64, 8);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    allocator_free(&allocator, block, 64, 8);
    CHECK(run, fba_owns(&second, allocator_alloc(&allocator, 32, 8))); // of no list
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 64, 8), block);
    CHECK(run, fba_owns(&second, allocator_alloc(&allocator, 64, 8)));
}

// ── What is available ───────────────────────────────────────────────────────────────────────────

// Of every allocator over 128 bytes with 8 of them taken: the answer at alignment 16 can be had,
// one byte more cannot, and asking is no failure.
static void check_available(struct suite_run *run, struct allocator allocator, size_t expected)
{
    size_t failures = fba.failure.count;

    CHECK_EQUAL(run, allocator_available(&allocator, 16), expected);
    CHECK_EQUAL(run, allocator_available(&allocator, 3), 0);
    CHECK_EQUAL(run, fba.failure.count, failures);
    void *block = allocator_alloc(&allocator, expected, 16);
    CHECK(run, block);
    CHECK(run, !allocator_alloc(&allocator, 200, 16));
    allocator_free(&allocator, block, expected, 16);
}

static struct allocator open_allocator(void)
{
    fba_init(&fba, memory, 128);
    (void)fba_alloc(&fba, 8, 1);
    return fba_allocator(&fba);
}

static void what_is_available_can_be_had(struct suite_run *run)
{
    struct reclaim_record records[4];
    struct reclaim reclaim;
    struct failing failing;
    struct ledger ledger;
    struct poison poison;

    check_available(run, open_allocator(), 112);
    (void)open_allocator();
    check_available(run, fba_scratch_allocator(&fba), 112);
    failing_init(&failing, open_allocator());
    check_available(run, failing_allocator(&failing), 112);
    ledger_init(&ledger, open_allocator(), NULL, 0);
    check_available(run, ledger_allocator(&ledger), 112);
    (void)open_allocator();
    reclaim_init(&reclaim, &fba, records, 4);
    check_available(run, reclaim_allocator(&reclaim), 112);
    (void)open_allocator();
    poison_init(&poison, &fba);
    check_available(run, poison_allocator(&poison), 112);
}

static void what_is_available_is_within_the_budget(struct suite_run *run)
{
    struct limit limit;

    limit_init(&limit, open_allocator(), 100);
    check_available(run, limit_allocator(&limit), 100);
    limit_init(&limit, open_allocator(), 1000);
    check_available(run, limit_allocator(&limit), 112);
}

static void what_is_available_is_the_larger_of_two(struct suite_run *run)
{
    struct fallback fallback;

    fba_init(&second, more, 64);
    fallback = (struct fallback){.first = &fba, .second = fba_allocator(&second)};
    (void)open_allocator();
    check_available(run, fallback_allocator(&fallback), 112);
    fba_init(&second, memory + PAGE, 160);
    (void)open_allocator();
    check_available(run, fallback_allocator(&fallback), 160);
}

static void what_is_available_has_its_red_zones(struct suite_run *run)
{
    struct redzone redzone;

    redzone_init(&redzone, open_allocator());
    struct allocator allocator = redzone_allocator(&redzone);
    size_t available = allocator_available(&allocator, 16);
    CHECK(run, available != 0);
    void *block = allocator_alloc(&allocator, available, 16);
    CHECK(run, block);
    allocator_free(&allocator, block, available, 16);
    (void)fba_alloc(&fba, 80, 1);
    CHECK_EQUAL(run, allocator_available(&allocator, 16), 0);
}

static void what_is_available_while_shared_can_be_had(struct suite_run *run)
{
    struct fba_shared shared;

    (void)open_allocator();
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    struct allocator allocator = fba_shared_allocator(&shared);
    CHECK_EQUAL(run, allocator_available(&allocator, 16), 112);
    CHECK(run, allocator_alloc(&allocator, 112, 16));
    fba_shared_end(&shared, &fba);
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_permanent_end_behaves_as_the_fba_does),
    SUITE_CASE(the_scratch_end_shrinks_and_does_not_grow),
    SUITE_CASE(a_product_that_overflows_fails),
    SUITE_CASE(what_exceeds_the_budget_of_a_limit_fails),
    SUITE_CASE(a_limit_counts_only_what_was_served),
    SUITE_CASE(what_the_first_cannot_serve_the_second_does),
    SUITE_CASE(each_block_goes_back_to_its_owner),
    SUITE_CASE(after_the_seal_everything_goes_to_the_successor),
    SUITE_CASE(without_a_second_the_first_is_asked_for),
    SUITE_CASE(a_decorated_first_serves_on_after_the_seal),
    SUITE_CASE(what_is_available_can_be_had),
    SUITE_CASE(what_is_available_is_within_the_budget),
    SUITE_CASE(what_is_available_is_the_larger_of_two),
    SUITE_CASE(what_is_available_has_its_red_zones),
    SUITE_CASE(what_is_available_while_shared_can_be_had),
};
const struct suite allocator_suite = SUITE("allocator", cases);
