// SPDX-License-Identifier: MIT
// What boot/range.h promises, at the ends of the 64 bits.
#include "boot/range.h"
#include "tests/boot/suites.h"

static void a_sum_that_wraps_is_no_range(struct suite_run *run)
{
    struct range range = {1, 2};

    CHECK(run, range_of(&range, UINT64_MAX, 0));
    CHECK(run, range.start == UINT64_MAX && range.end == UINT64_MAX);
    CHECK(run, range_of(&range, 1, UINT64_MAX - 1));
    CHECK(run, range.start == 1 && range.end == UINT64_MAX);
    CHECK(run, !range_of(&range, 1, UINT64_MAX));
    CHECK(run, !range_of(&range, UINT64_MAX, 1));
    CHECK(run, range.start == 1 && range.end == UINT64_MAX);
}

static void pages_are_all_that_are_touched(struct suite_run *run)
{
    struct range range = {1, 2};

    CHECK(run, range_of_pages(&range, PAGE_SIZE - 1, 2));
    CHECK(run, range.start == 0 && range.end == 2 * PAGE_SIZE);
    CHECK(run, range_of_pages(&range, PAGE_SIZE, PAGE_SIZE));
    CHECK(run, range.start == PAGE_SIZE && range.end == 2 * PAGE_SIZE);
    CHECK(run, range_of_pages(&range, PAGE_SIZE + 1, 0));
    CHECK_EQUAL(run, range_size(range), 0);
    CHECK(run, range_of_pages(&range, 0, UINT64_MAX - PAGE_SIZE + 1));
    CHECK_EQUAL(run, range.end, UINT64_MAX - PAGE_SIZE + 1);
    CHECK(run, !range_of_pages(&range, 0, UINT64_MAX - PAGE_SIZE + 2));
    CHECK(run, !range_of_pages(&range, UINT64_MAX - 1, 2));
}

static void what_lies_in_a_range_is_told_without_a_sum(struct suite_run *run)
{
    const struct range range = {10, 20};

    CHECK(run, range_has(range, 10, 10) && range_has(range, 20, 0) && range_has(range, 19, 1));
    CHECK(run, !range_has(range, 9, 1) && !range_has(range, 19, 2) && !range_has(range, 21, 0));
    CHECK(run, !range_has(range, 15, UINT64_MAX) && !range_has(range, UINT64_MAX, 30));
    CHECK(run, range_has((struct range){0, UINT64_MAX}, 0, UINT64_MAX));
}

static void ranges_overlap_iff_they_share_a_byte(struct suite_run *run)
{
    for (uint64_t bits = 0; bits < 256; bits++) {
        struct range a = {bits & 3, bits >> 2 & 3};
        struct range b = {bits >> 4 & 3, bits >> 6};
        bool shares = false;
        for (uint64_t byte = 0; byte < 4; byte++)
            shares |= range_has(a, byte, 1) && range_has(b, byte, 1);
        if (a.start <= a.end && b.start <= b.end)
            CHECK_EQUAL(run, range_overlaps(a, b), shares);
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_sum_that_wraps_is_no_range),
    SUITE_CASE(pages_are_all_that_are_touched),
    SUITE_CASE(what_lies_in_a_range_is_told_without_a_sum),
    SUITE_CASE(ranges_overlap_iff_they_share_a_byte),
};
const struct suite range_suite = SUITE("range", cases);
