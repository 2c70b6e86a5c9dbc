// SPDX-License-Identifier: MIT
// What kmem/fba_handoff.h promises: reserve, rebase, export and adoption, seal.
#include "tests/suites/suite.h"

#include "kmem/fba_handoff.h"

void *memset(void *to, int value, size_t size);

#define PAGE 4096

static _Alignas(PAGE) unsigned char memory[4 * PAGE];
static struct fba fba;

static void the_reserve_is_served_only_to_who_asks_by_name(struct suite_run *run)
{
    fba_init(&fba, memory, 100);
    CHECK_STATUS(run, fba_set_reserve(&fba, 20), FBA_OK);
    CHECK_EQUAL(run, fba_reserved(&fba), 20);
    CHECK(run, !fba_alloc(&fba, 81, 1));
    CHECK_ADDRESS(run, fba_alloc(&fba, 80, 1), memory);
    CHECK_ADDRESS(run, fba_reserve_alloc(&fba, 8, 1), memory + 80);
    CHECK_ADDRESS(run, fba_reserve_alloc(&fba, 4, 8), memory + 88);
    CHECK(run, !fba_reserve_alloc(&fba, 9, 1));
    CHECK_STATUS(run, fba.failure.reason, FBA_EXHAUSTED);
    CHECK_EQUAL(run, fba.failure.available, 8);
    CHECK_EQUAL(run, fba.failure.shortfall, 1);
    CHECK(run, !fba_reserve_alloc(&fba, 21, 1));
    CHECK_STATUS(run, fba.failure.reason, FBA_TOO_LARGE);
    CHECK(run, !fba_reserve_alloc(&fba, 1, 3));
    CHECK_STATUS(run, fba.failure.reason, FBA_BAD_ALIGNMENT);
    CHECK_EQUAL(run, fba.failure.count, 4);
}

static void count_call(struct fba *refusing, void *context)
{
    (void)refusing;
    (*(size_t *)context)++;
}

static void the_hook_hears_of_a_reserve_that_is_used_up(struct suite_run *run)
{
    size_t calls = 0;

    fba_init(&fba, memory, 100);
    fba_set_failure_hook(&fba, count_call, &calls);
    CHECK_STATUS(run, fba_set_reserve(&fba, 20), FBA_OK);
    CHECK(run, fba_reserve_alloc(&fba, 20, 1));
    CHECK_EQUAL(run, calls, 0);
    CHECK(run, !fba_reserve_alloc(&fba, 1, 1));
    CHECK_EQUAL(run, calls, 1);
}

static void the_reserve_survives_reset_and_seal(struct suite_run *run)
{
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_set_reserve(&fba, 64), FBA_OK);
    CHECK(run, fba_reserve_alloc(&fba, 16, 1));
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_EQUAL(run, fba_available(&fba, 1), sizeof memory - 64);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    unsigned char *late = fba_reserve_alloc(&fba, 48, 1);
    CHECK_ADDRESS(run, late, memory + sizeof memory - 48);
    CHECK(run, fba_owns(&fba, late));
    CHECK(run, !fba_reserve_alloc(&fba, 1, 1));
    CHECK_STATUS(run, fba.failure.reason, FBA_EXHAUSTED);
}

static void a_reserve_needs_room_and_an_unused_end(struct suite_run *run)
{
    static struct fba unready;
    struct fba_mark mark;

    CHECK_STATUS(run, fba_set_reserve(&unready, 0), FBA_NOT_READY);
    CHECK(run, !fba_reserve_alloc(&unready, 0, 1));
    CHECK_STATUS(run, unready.failure.reason, FBA_NOT_READY);
    fba_init(&fba, memory, 100);
    CHECK_STATUS(run, fba_set_reserve(&fba, 101), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_set_reserve(&fba, SIZE_MAX), FBA_EXHAUSTED);
    unsigned char *scratch = fba_scratch_alloc(&fba, 1, 1);
    CHECK_STATUS(run, fba_set_reserve(&fba, 10), FBA_BUSY);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 1), FBA_OK);
    fba_scratch_mark(&fba, &mark);
    CHECK_STATUS(run, fba_set_reserve(&fba, 10), FBA_BUSY); // its end is spoken for
    fba_rewind(&fba, &mark);
    CHECK_STATUS(run, fba_set_reserve(&fba, 100), FBA_OK); // all of it
    CHECK_STATUS(run, fba_set_reserve(&fba, 1), FBA_BUSY);
    CHECK(run, !fba_alloc(&fba, 1, 1));
}

static void rebase_moves_to_other_addresses_of_the_same_memory(struct suite_run *run)
{
    static struct fba unready;
    unsigned char *elsewhere = memory + PAGE;
    struct fba_mark mark;

    CHECK_STATUS(run, fba_rebase(&unready, elsewhere), FBA_NOT_READY);
    fba_init(&fba, memory, 1000);
    (void)fba_alloc(&fba, 10, 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, 20, 1);
    CHECK_STATUS(run, fba_rebase(&fba, elsewhere), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 10);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 20);
    CHECK_STATUS(run, fba_free(&fba, memory, 10), FBA_FOREIGN);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch + PAGE, 20), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, elsewhere, 10), FBA_OK);
    CHECK_ADDRESS(run, fba_alloc(&fba, 1000, 1), elsewhere);
    CHECK_STATUS(run, fba_rebase(&fba, memory), FBA_OK); // and back, to lower addresses
    CHECK_STATUS(run, fba_free(&fba, memory, 1000), FBA_OK);

    CHECK_STATUS(run, fba_rebase(&fba, NULL), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_rebase(&fba, (void *)(UINTPTR_MAX - 999)), FBA_BAD_BUFFER);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_rebase(&fba, elsewhere), FBA_BUSY);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    CHECK_ADDRESS(run, fba_alloc(&fba, 1, 1), memory); // nothing had moved
}

static void rebase_forgets_neither_what_was_used_nor_what_was_adopted(struct suite_run *run)
{
    const struct fba_numbers numbers = {
        .size = 100, .used = 10, .peak = 10, .high = 10, .low = 100};

    memset(memory, 0, 200);
    CHECK_STATUS(run, fba_adopt(&fba, memory + 100, &numbers), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, fba_alloc(&fba, 1, 1), 1), FBA_OK); // settles the watermarks
    CHECK_STATUS(run, fba_rebase(&fba, memory), FBA_OK);
    unsigned char *block = fba_alloc(&fba, 50, 1);
    memset(block, 0xee, 50);
    CHECK_STATUS(run, fba_free(&fba, block, 50), FBA_OK);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 90, 1), 90, 0);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_EQUAL(run, fba_used(&fba), 10);
}

static void an_adopted_allocator_goes_on_where_the_other_stopped(struct suite_run *run)
{
    static struct fba kernel;
    struct fba_numbers numbers;

    memset(memory, 0, 2000);
    fba_init_zeroed(&fba, memory, 1000);
    (void)fba_alloc(&fba, 10, 1);
    unsigned char *temporary = fba_alloc(&fba, 50, 1);
    memset(temporary, 0xee, 50);
    CHECK_STATUS(run, fba_free(&fba, temporary, 50), FBA_OK);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_OK);
    CHECK(run, numbers.size == 1000 && numbers.used == 10 && numbers.peak == 60);

    CHECK_STATUS(run, fba_adopt(&kernel, memory, &numbers), FBA_OK);
    CHECK_EQUAL(run, fba_used(&kernel), 10);
    CHECK_EQUAL(run, fba_peak(&kernel), 60);
    unsigned char *block = fba_alloc_zeroed(&kernel, 100, 1);
    CHECK_ADDRESS(run, block, memory + 10);
    CHECK_BYTES(run, block, 100, 0); // what the loader used is cleared
}

static void what_was_adopted_stays(struct suite_run *run)
{
    static struct fba kernel;
    struct fba_numbers numbers;
    struct fba_mark mark;

    fba_init(&fba, memory, 1000);
    (void)fba_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_OK);
    CHECK_STATUS(run, fba_adopt(&kernel, memory, &numbers), FBA_OK);
    CHECK_STATUS(run, fba_free(&kernel, memory, 10), FBA_PROTECTED);
    CHECK_STATUS(run, fba_resize(&kernel, memory, 10, 11), FBA_PROTECTED);
    fba_mark(&kernel, &mark);
    (void)fba_alloc(&kernel, 5, 1);
    CHECK_STATUS(run, fba_rewind(&kernel, &mark), FBA_OK);
    (void)fba_alloc(&kernel, 5, 1);
    CHECK_STATUS(run, fba_reset(&kernel), FBA_OK);
    CHECK_EQUAL(run, fba_used(&kernel), 10);
    CHECK(run, !fba_alloc(&kernel, 991, 1));
    CHECK_STATUS(run, kernel.failure.reason, FBA_TOO_LARGE);
}

static void numbers_that_contradict_each_other_are_refused(struct suite_run *run)
{
    static const struct fba_numbers wrong[] = {
        {.size = 100, .used = 101, .peak = 101, .high = 101, .low = 100},
        {.size = 100, .used = 10, .peak = 9, .high = 10, .low = 100},
        {.size = 100, .used = 10, .peak = 101, .high = 10, .low = 100},
        {.size = 100, .used = 10, .peak = 10, .high = 9, .low = 100},
        {.size = 100, .used = 10, .peak = 10, .high = 101, .low = 100},
        {.size = 100, .used = 10, .peak = 10, .high = 10, .low = 101},
        {.size = 100, .used = UINT64_MAX, .peak = UINT64_MAX, .high = UINT64_MAX, .low = 0},
    };
    const struct fba_numbers right = {.size = 100, .used = 10, .peak = 10, .high = 10, .low = 100};
    const struct fba_numbers huge = {.size = UINT64_MAX};
    const struct fba_numbers huge_and_wrong = {.size = UINT64_MAX, .used = 1};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_STATUS(run, fba_adopt(&fba, memory, &wrong[i]), FBA_BAD_NUMBERS);
        CHECK_STATUS(run, fba_status(&fba), FBA_NOT_READY);
    }
    CHECK_STATUS(run, fba_adopt(&fba, NULL, &right), FBA_BAD_BUFFER);
    CHECK_STATUS(run, fba_adopt(&fba, memory, &huge), FBA_BAD_BUFFER);
    // More than can be addressed is refused before anything else is looked at.
    CHECK_STATUS(run, fba_adopt(&fba, memory, &huge_and_wrong),
                 SIZE_MAX < UINT64_MAX ? FBA_BAD_BUFFER : FBA_BAD_NUMBERS);
    CHECK_STATUS(run, fba_adopt(&fba, memory, &right), FBA_OK);
}

static void what_cannot_cross_is_not_exported(struct suite_run *run)
{
    static struct fba unready;
    struct fba_numbers numbers = {.size = 12345};
    struct fba_mark mark;

    CHECK_STATUS(run, fba_export(&unready, &numbers), FBA_NOT_READY);
    fba_init(&fba, memory, 100);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_BUSY);
    fba_rewind(&fba, &mark);
    unsigned char *scratch = fba_scratch_alloc(&fba, 1, 1);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_BUSY);
    fba_scratch_free(&fba, scratch, 1);
    CHECK_EQUAL(run, numbers.size, 12345);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_OK);
}

static void what_was_given_back_is_not_exported_as_fresh(struct suite_run *run)
{
    struct fba_numbers numbers;

    memset(memory, 0, 100);
    fba_init_zeroed(&fba, memory, 100);
    unsigned char *block = fba_alloc(&fba, 60, 1);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_OK);
    CHECK(run, numbers.used == 60 && numbers.high == 60 && numbers.low == 100);
    CHECK_STATUS(run, fba_resize(&fba, block, 60, 10), FBA_OK);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_OK);
    CHECK(run, numbers.used == 10 && numbers.high == 60 && numbers.low == 100);
}

static void the_seal_divides_the_buffer_without_loss_or_overlap(struct suite_run *run)
{
    static const size_t reserves[] = {0, 1, 100, PAGE, PAGE + 1};
    struct fba_ranges ranges;

    for (size_t start = 0; start < 3; start++) {
        for (size_t used = 0; used < 2 * PAGE + 2; used += PAGE / 2 - 1) {
            for (size_t i = 0; i < sizeof reserves / sizeof reserves[0]; i++) {
                unsigned char *buffer = memory + start;
                CHECK_STATUS(run, fba_init(&fba, buffer, sizeof memory - 2 * start), FBA_OK);
                CHECK_STATUS(run, fba_set_reserve(&fba, reserves[i]), FBA_OK);
                CHECK(run, fba_alloc(&fba, used, 1));
                (void)fba_scratch_alloc(&fba, 10, 1);
                CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
                CHECK_ADDRESS(run, ranges.permanent.start, buffer);
                CHECK(run, ranges.permanent.end >= (uintptr_t)buffer + used);
                CHECK_EQUAL(run, ranges.permanent.end, ranges.free.start);
                CHECK_EQUAL(run, ranges.free.end, ranges.reserve.start);
                CHECK(run, ranges.free.start <= ranges.free.end);
                CHECK(run, ranges.free.start == ranges.free.end ||
                               (ranges.free.start % PAGE == 0 && ranges.free.end % PAGE == 0));
                CHECK(run, ranges.permanent.end - (uintptr_t)buffer - used < PAGE ||
                               ranges.free.start == ranges.free.end);
                CHECK(run, ranges.reserve.end - ranges.reserve.start >= reserves[i]);
                CHECK_ADDRESS(run, ranges.reserve.end, buffer + sizeof memory - 2 * start);
            }
        }
    }
}

static void a_seal_may_leave_no_whole_page_free(struct suite_run *run)
{
    struct fba_ranges ranges;

    fba_init(&fba, memory + 1, PAGE);
    unsigned char *block = fba_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK_EQUAL(run, ranges.free.end - ranges.free.start, 0);
    CHECK(run, fba_owns_range(&fba, memory + 1, PAGE));
    CHECK_STATUS(run, fba_free(&fba, block, 10), FBA_PERMANENT);
    CHECK_STATUS(run, fba_free(&fba, memory + PAGE, 1), FBA_PERMANENT);
}

static void a_sealed_allocator_serves_nothing_and_says_so(struct suite_run *run)
{
    struct fba_ranges ranges;
    struct fba_mark mark;

    fba_init(&fba, memory, sizeof memory);
    unsigned char *block = fba_alloc(&fba, 100, 1);
    (void)fba_scratch_alloc(&fba, 50, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK(run, !fba_alloc(&fba, 0, 1) && !fba_alloc(&fba, 1, 1) && !fba_new(&fba, char));
    CHECK_STATUS(run, fba.failure.reason, FBA_SEALED);
    CHECK_EQUAL(run, fba.failure.available, 0);
    CHECK(run, !fba_alloc_zeroed(&fba, 1, 1) && !fba_scratch_alloc(&fba, 0, 1));
    CHECK(run, !fba_realloc(&fba, block, 100, 101, 1));
    CHECK_STATUS(run, fba.failure.reason, FBA_SEALED);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_SEALED);
    CHECK_STATUS(run, fba_reset(&fba), FBA_SEALED);
    CHECK_STATUS(run, fba_set_reserve(&fba, 1), FBA_SEALED);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_SEALED);
    CHECK_EQUAL(run, fba_used(&fba), 100);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 150);
}

static void late_frees_are_told_apart(struct suite_run *run)
{
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_set_reserve(&fba, 8), FBA_OK);
    unsigned char *block = fba_alloc(&fba, 100, 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, PAGE, 1);
    unsigned char *reserved = fba_reserve_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, block, 100), FBA_PERMANENT);
    CHECK_STATUS(run, fba_resize(&fba, block, 100, 50), FBA_PERMANENT);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, PAGE), FBA_GONE);
    CHECK_STATUS(run, fba_free(&fba, memory + sizeof memory, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, &fba, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, reserved, 8), FBA_PERMANENT);
    CHECK(run, fba_owns(&fba, block) && !fba_owns(&fba, scratch));
    CHECK(run, fba_owns(&fba, memory + PAGE - 1) && !fba_owns(&fba, memory + PAGE));
    CHECK(run, !fba_owns_range(&fba, memory + PAGE - 1, 2));
}

static void a_seal_is_refused_while_marks_are_open_or_without_a_granule(struct suite_run *run)
{
    static struct fba unready;
    struct fba_ranges ranges;
    struct fba_mark mark;

    CHECK_STATUS(run, fba_seal(&unready, PAGE, &ranges), FBA_NOT_READY);
    fba_init(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_seal(&fba, 0, &ranges), FBA_BAD_ALIGNMENT);
    CHECK_STATUS(run, fba_seal(&fba, 3, &ranges), FBA_BAD_ALIGNMENT);
    fba_mark(&fba, &mark);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_BUSY);
    fba_keep(&fba, &mark);
    fba_scratch_mark(&fba, &mark);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_BUSY);
    fba_keep(&fba, &mark);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_reserve_is_served_only_to_who_asks_by_name),
    SUITE_CASE(the_hook_hears_of_a_reserve_that_is_used_up),
    SUITE_CASE(the_reserve_survives_reset_and_seal),
    SUITE_CASE(a_reserve_needs_room_and_an_unused_end),
    SUITE_CASE(rebase_moves_to_other_addresses_of_the_same_memory),
    SUITE_CASE(rebase_forgets_neither_what_was_used_nor_what_was_adopted),
    SUITE_CASE(an_adopted_allocator_goes_on_where_the_other_stopped),
    SUITE_CASE(what_was_adopted_stays),
    SUITE_CASE(numbers_that_contradict_each_other_are_refused),
    SUITE_CASE(what_cannot_cross_is_not_exported),
    SUITE_CASE(what_was_given_back_is_not_exported_as_fresh),
    SUITE_CASE(the_seal_divides_the_buffer_without_loss_or_overlap),
    SUITE_CASE(a_seal_may_leave_no_whole_page_free),
    SUITE_CASE(a_sealed_allocator_serves_nothing_and_says_so),
    SUITE_CASE(late_frees_are_told_apart),
    SUITE_CASE(a_seal_is_refused_while_marks_are_open_or_without_a_granule),
};
const struct suite fba_handoff_suite = SUITE("fba_handoff", cases);
