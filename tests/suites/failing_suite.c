// SPDX-License-Identifier: MIT
// What kmem/failing.h promises: each failure is injected in turn, and what a scenario makes of it
// is told apart. The scenarios here are wrong on purpose, each in one way.
#include "tests/suites/suite.h"

#include "kmem/failing.h"
#include "kmem/fba_allocator.h"

static unsigned char memory[256];
static struct fba fba;

static struct allocator open_fba(void)
{
    fba_init(&fba, memory, sizeof memory);
    return fba_allocator(&fba);
}

static void the_nth_allocation_fails_and_no_other(struct suite_run *run)
{
    struct failing failing;

    failing_init(&failing, open_fba());
    failing.fail_alloc = 2;
    struct allocator allocator = failing_allocator(&failing);
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK(run, !allocator_alloc(&allocator, 1, 1));
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK(run, failing.failed && failing.allocs == 3 && failing.blocks == 2);
}

static void the_nth_resize_fails_and_shrinking_never_does(struct suite_run *run)
{
    struct failing failing;

    failing_init(&failing, open_fba());
    failing.fail_resize = 1;
    struct allocator allocator = failing_allocator(&failing);
    unsigned char *block = allocator_alloc(&allocator, 8, 1);
    CHECK(run, allocator_resize(&allocator, block, 8, 4, 1));
    CHECK(run, !allocator_resize(&allocator, block, 4, 8, 1));
    CHECK(run, allocator_resize(&allocator, block, 4, 8, 1));
}

static void onwards_everything_from_there_on_fails(struct suite_run *run)
{
    struct failing failing;

    failing_init(&failing, open_fba());
    failing.fail_alloc = 2;
    failing.onwards = true;
    struct allocator allocator = failing_allocator(&failing);
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK(run, !allocator_alloc(&allocator, 1, 1));
    CHECK(run, !allocator_alloc(&allocator, 1, 1));
}

static bool faultless(struct allocator allocator, void *context)
{
    unsigned char *first = allocator_alloc(&allocator, 8, 1);
    unsigned char *second = first ? allocator_alloc(&allocator, 8, 1) : NULL;
    bool grown = second && allocator_resize(&allocator, second, 8, 16, 1);

    (void)context;
    allocator_free(&allocator, second, grown ? 16 : 8, 1);
    allocator_free(&allocator, first, 8, 1);
    return second != NULL;
}

static bool swallowing(struct allocator allocator, void *context)
{
    (void)context;
    allocator_free(&allocator, allocator_alloc(&allocator, 8, 1), 8, 1);
    return true;
}

static bool leaking(struct allocator allocator, void *context)
{
    unsigned char *first = allocator_alloc(&allocator, 8, 1);
    unsigned char *second = allocator_alloc(&allocator, 8, 1);

    (void)context;
    if (!second) // forgets the first
        return false;
    allocator_free(&allocator, second, 8, 1);
    allocator_free(&allocator, first, 8, 1);
    return first != NULL;
}

static bool unsteady(struct allocator allocator, void *context)
{
    size_t *runs = context;

    for (size_t i = 0; i < *runs + 1; i++)
        allocator_free(&allocator, allocator_alloc(&allocator, 8, 1), 8, 1);
    (*runs)++;
    return true;
}

// Grows its block once more each time.
static bool unsteady_in_resizes(struct allocator allocator, void *context)
{
    size_t *runs = context;
    size_t size = 8;
    unsigned char *block = allocator_alloc(&allocator, size, 1);

    for (size_t i = 0; i < *runs && allocator_resize(&allocator, block, size, size + 1, 1); i++)
        size++;
    allocator_free(&allocator, block, size, 1);
    (*runs)++;
    return block != NULL;
}

// Asks for nothing any more as soon as it was watched twice.
static bool unsteady_later(struct allocator allocator, void *context)
{
    size_t *runs = context;

    return (*runs)++ >= 2 || swallowing(allocator, context);
}

static bool broken_later(struct allocator allocator, void *context)
{
    size_t *runs = context;

    (void)allocator;
    return (*runs)++ == 0;
}

// Needs no failure to leave its block behind.
static bool always_leaking(struct allocator allocator, void *context)
{
    (void)context;
    return allocator_alloc(&allocator, 8, 1) != NULL;
}

static bool broken(struct allocator allocator, void *context)
{
    (void)allocator;
    (void)context;
    return false;
}

// Asks for less when it cannot have all: a failure survived, not swallowed.
static bool modest(struct allocator allocator, void *context)
{
    size_t size = 64;
    unsigned char *block = allocator_alloc(&allocator, size, 1);

    (void)context;
    if (!block) {
        size = 8;
        block = allocator_alloc(&allocator, size, 1);
    }
    allocator_free(&allocator, block, size, 1);
    return block != NULL;
}

static void each_kind_of_scenario_is_told_apart(struct suite_run *run)
{
    size_t runs = 0;

    struct failing_result result = failing_each(open_fba(), faultless, NULL);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "ok");
    CHECK_EQUAL(run, result.count, 3); // two allocations and a resize
    CHECK_EQUAL(run, failing_each(open_fba(), modest, NULL).verdict, FAILING_OK);

    result = failing_each(open_fba(), swallowing, NULL);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "swallowed");
    CHECK(run, result.at == 1 && !result.resize);
    result = failing_each(open_fba(), leaking, NULL);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "leaked");
    CHECK_EQUAL(run, result.at, 1 + 1); // only when the second fails
    CHECK_EQUAL(run, failing_each(open_fba(), always_leaking, NULL).verdict, FAILING_LEAKED);
    result = failing_each(open_fba(), unsteady, &runs);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "unsteady");
    runs = 0;
    CHECK_EQUAL(run, failing_each(open_fba(), unsteady_in_resizes, &runs).verdict,
                FAILING_UNSTEADY);
    runs = 0;
    CHECK_EQUAL(run, failing_each(open_fba(), unsteady_later, &runs).verdict, FAILING_UNSTEADY);
    result = failing_each(open_fba(), broken, NULL);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "broken");
    CHECK_EQUAL(run, result.count, 0);
    runs = 0;
    CHECK_EQUAL(run, failing_each(open_fba(), broken_later, &runs).verdict, FAILING_BROKEN);
    CHECK_TEXT(run, failing_verdict_name((enum failing_verdict)(FAILING_UNSTEADY + 1)), "unknown");
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_nth_allocation_fails_and_no_other),
    SUITE_CASE(the_nth_resize_fails_and_shrinking_never_does),
    SUITE_CASE(onwards_everything_from_there_on_fails),
    SUITE_CASE(each_kind_of_scenario_is_told_apart),
};
const struct suite failing_suite = SUITE("failing", cases);
