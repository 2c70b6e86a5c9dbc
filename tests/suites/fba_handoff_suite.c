// SPDX-License-Identifier: MIT
// What kmem/fba_handoff.h promises: split, rebase, export and adoption, seal.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"

void *memset(void *to, int value, size_t size);

#define PAGE 4096

static _Alignas(PAGE) unsigned char memory[4 * PAGE];
static struct fba fba;

static void a_tail_that_was_split_off_is_an_allocator_of_its_own(struct suite_run *run)
{
    static struct fba tail;

    fba_init(&fba, memory, 100);
    (void)fba_alloc(&fba, 10, 1);
    CHECK_STATUS(run, fba_split_tail(&fba, 20, &tail), FBA_OK);
    CHECK_EQUAL(run, fba_capacity(&fba), 80);
    CHECK_EQUAL(run, fba_capacity(&tail), 20);
    CHECK(run, !fba_alloc(&fba, 81, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_TOO_LARGE);
    CHECK_ADDRESS(run, fba_alloc(&fba, 70, 1), memory + 10);
    CHECK_ADDRESS(run, fba_alloc(&tail, 8, 1), memory + 80);
    CHECK_ADDRESS(run, fba_scratch_alloc(&tail, 12, 1), memory + 88);
    CHECK(run, !fba_alloc(&tail, 1, 1));
    CHECK_STATUS(run, fba_explain(&tail).reason, FBA_EXHAUSTED);
    CHECK_EQUAL(run, tail.failure.count, 1);
    CHECK_STATUS(run, fba_free(&fba, memory + 80, 8), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_free(&tail, memory + 10, 70), FBA_FOREIGN);
}

static void a_tail_survives_reset_and_seal_of_the_rest(struct suite_run *run)
{
    static struct fba tail;
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_split_tail(&fba, 64, &tail), FBA_OK);
    CHECK_ADDRESS(run, fba_alloc(&tail, 16, 1), memory + sizeof memory - 64);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    CHECK_EQUAL(run, fba_available(&fba, 1), sizeof memory - 64);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK_ADDRESS(run, ranges.rest.end, memory + sizeof memory - 64);
    CHECK_ADDRESS(run, fba_alloc(&tail, 48, 1), memory + sizeof memory - 48);
    CHECK(run, !fba_alloc(&tail, 1, 1));
}

static void a_split_needs_room_and_an_unused_upper_end(struct suite_run *run)
{
    static struct fba unready;
    static struct fba tail;
    struct fba_mark mark;

    CHECK_STATUS(run, fba_split_tail(&unready, 0, &tail), FBA_NOT_READY);
    CHECK_STATUS(run, fba_status(&tail), FBA_NOT_READY);
    fba_init(&fba, memory, 100);
    CHECK_STATUS(run, fba_split_tail(&fba, 101, &tail), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_split_tail(&fba, SIZE_MAX, &tail), FBA_EXHAUSTED);
    unsigned char *scratch = fba_scratch_alloc(&fba, 1, 1);
    CHECK_STATUS(run, fba_split_tail(&fba, 10, &tail), FBA_BUSY);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 1), FBA_OK);
    fba_scratch_mark(&fba, &mark);
    CHECK_STATUS(run, fba_split_tail(&fba, 10, &tail), FBA_BUSY);
    fba_rewind(&fba, &mark);
    CHECK_STATUS(run, fba_split_tail(&fba, 100, &tail), FBA_OK); // all of it
    CHECK(run, !fba_alloc(&fba, 1, 1));
    CHECK_STATUS(run, fba_split_tail(&fba, 0, &tail), FBA_OK); // nothing
    CHECK_STATUS(run, fba_split_tail(&fba, 1, &tail), FBA_EXHAUSTED);
}

static void a_split_keeps_what_is_known_to_be_zero(struct suite_run *run)
{
    static struct fba tail;

    memset(memory, 0, 100);
    fba_init_zeroed(&fba, memory, 100);
    unsigned char *block = fba_alloc(&fba, 60, 1);
    memset(block, 0xee, 60);
    CHECK_STATUS(run, fba_free(&fba, block, 60), FBA_OK);
    unsigned char *scratch = fba_scratch_alloc(&fba, 10, 1);
    memset(scratch, 0xee, 10);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 10), FBA_OK);
    CHECK_STATUS(run, fba_split_tail(&fba, 50, &tail), FBA_OK);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 50, 1), 50, 0);
    memory[70] = 1; // was never handed out, so it is not cleared
    unsigned char *zeroed = fba_alloc_zeroed(&tail, 40, 1);
    CHECK_BYTES(run, zeroed, 20, 0);
    CHECK_EQUAL(run, zeroed[20], 1);
    CHECK_BYTES(run, fba_alloc_zeroed(&tail, 10, 1), 10, 0);
}

static void of_a_fresh_buffer_both_parts_are_known_to_be_zero(struct suite_run *run)
{
    static struct fba tail;

    memset(memory, 0, 100);
    fba_init_zeroed(&fba, memory, 100);
    CHECK_STATUS(run, fba_split_tail(&fba, 50, &tail), FBA_OK);
    memory[0] = memory[99] = 1; // neither was handed out, so neither is cleared
    unsigned char *block = fba_alloc_zeroed(&fba, 50, 1);
    unsigned char *other = fba_alloc_zeroed(&tail, 50, 1);
    CHECK(run, block[0] == 1 && other[49] == 1);
}

static void after_a_split_the_peak_is_what_the_rest_can_hold(struct suite_run *run)
{
    static struct fba tail;

    fba_init(&fba, memory, 100);
    CHECK_STATUS(run, fba_free(&fba, fba_alloc(&fba, 90, 1), 90), FBA_OK);
    CHECK_STATUS(run, fba_split_tail(&fba, 5, &tail), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 90);
    CHECK_EQUAL(run, fba_peak(&tail), 0);
    CHECK_STATUS(run, fba_split_tail(&fba, 15, &tail), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 80);
    CHECK_STATUS(run, fba_free(&fba, fba_alloc(&fba, 80, 1), 80), FBA_OK);
    CHECK_EQUAL(run, fba_peak(&fba), 80);
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
    CHECK_STATUS(run, fba_explain(&kernel).reason, FBA_TOO_LARGE);
}

static void numbers_that_contradict_each_other_are_rejected(struct suite_run *run)
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
    // More than can be addressed is rejected before anything else is looked at.
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
    static const size_t tails[] = {0, 1, 100, PAGE, PAGE + 1};
    static struct fba tail;
    struct fba_ranges ranges;

    for (size_t start = 0; start < 3; start++) {
        for (size_t used = 0; used < 2 * PAGE + 2; used += PAGE / 2 - 1) {
            for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
                unsigned char *buffer = memory + start;
                CHECK_STATUS(run, fba_init(&fba, buffer, sizeof memory - 2 * start), FBA_OK);
                CHECK_STATUS(run, fba_split_tail(&fba, tails[i], &tail), FBA_OK);
                uintptr_t end = (uintptr_t)buffer + sizeof memory - 2 * start - tails[i];
                CHECK(run, fba_alloc(&fba, used, 1));
                (void)fba_scratch_alloc(&fba, 10, 1);
                CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
                CHECK_ADDRESS(run, ranges.permanent.start, buffer);
                CHECK(run, ranges.permanent.end >= (uintptr_t)buffer + used);
                CHECK_EQUAL(run, ranges.permanent.end, ranges.free.start);
                CHECK_EQUAL(run, ranges.free.end, ranges.rest.start);
                CHECK(run, ranges.free.start <= ranges.free.end);
                CHECK(run, ranges.free.start == ranges.free.end ||
                               (ranges.free.start % PAGE == 0 && ranges.free.end % PAGE == 0));
                CHECK(run, ranges.permanent.end - (uintptr_t)buffer - used < PAGE ||
                               ranges.free.start == ranges.free.end);
                CHECK(run, ranges.rest.end - ranges.rest.start < PAGE);
                CHECK_ADDRESS(run, ranges.rest.end, end);
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
    static struct fba tail;
    struct fba_ranges ranges;
    struct fba_mark mark;

    fba_init(&fba, memory, sizeof memory);
    unsigned char *block = fba_alloc(&fba, 100, 1);
    (void)fba_scratch_alloc(&fba, 50, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK(run, !fba_alloc(&fba, 0, 1) && !fba_alloc(&fba, 1, 1) && !fba_new(&fba, char));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_SEALED);
    CHECK_EQUAL(run, fba_explain(&fba).available, 0);
    CHECK(run, !fba_alloc_zeroed(&fba, 1, 1) && !fba_scratch_alloc(&fba, 0, 1));
    CHECK(run, !fba_realloc(&fba, block, 100, 101, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_SEALED);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_SEALED);
    CHECK_STATUS(run, fba_reset(&fba), FBA_SEALED);
    CHECK_STATUS(run, fba_split_tail(&fba, 1, &tail), FBA_SEALED);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_SEALED);
    CHECK_EQUAL(run, fba_used(&fba), 100);
    CHECK_EQUAL(run, fba_scratch_used(&fba), 0);
    CHECK_EQUAL(run, fba_peak(&fba), 150);
}

static void late_frees_are_told_apart(struct suite_run *run)
{
    static struct fba tail;
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_split_tail(&fba, 8, &tail), FBA_OK);
    unsigned char *block = fba_alloc(&fba, 100, 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, PAGE, 1);
    unsigned char *last = memory + sizeof memory - 9;
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, block, 100), FBA_PERMANENT);
    CHECK_STATUS(run, fba_resize(&fba, block, 100, 50), FBA_PERMANENT);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, PAGE), FBA_GONE);
    CHECK_STATUS(run, fba_free(&fba, memory + sizeof memory, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, &fba, 1), FBA_FOREIGN);
    CHECK_STATUS(run, fba_free(&fba, last, 1), FBA_PERMANENT); // in what is no whole page
    CHECK(run, fba_owns(&fba, last));
    CHECK(run, fba_owns(&fba, block) && !fba_owns(&fba, scratch));
    CHECK(run, fba_owns(&fba, memory + PAGE - 1) && !fba_owns(&fba, memory + PAGE));
    CHECK(run, !fba_owns_range(&fba, memory + PAGE - 1, 2));
}

static void zero_bytes_are_not_freed_after_the_seal(struct suite_run *run)
{
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    unsigned char *block = fba_alloc(&fba, PAGE, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK_STATUS(run, fba_free(&fba, block + PAGE, 0), FBA_GONE); // where the last block ends
    CHECK_STATUS(run, fba_resize(&fba, block + PAGE, 0, 1), FBA_GONE);
}

static void a_seal_fails_while_marks_are_open_or_without_a_granule(struct suite_run *run)
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
    SUITE_CASE(a_tail_that_was_split_off_is_an_allocator_of_its_own),
    SUITE_CASE(a_tail_survives_reset_and_seal_of_the_rest),
    SUITE_CASE(a_split_needs_room_and_an_unused_upper_end),
    SUITE_CASE(a_split_keeps_what_is_known_to_be_zero),
    SUITE_CASE(of_a_fresh_buffer_both_parts_are_known_to_be_zero),
    SUITE_CASE(after_a_split_the_peak_is_what_the_rest_can_hold),
    SUITE_CASE(rebase_moves_to_other_addresses_of_the_same_memory),
    SUITE_CASE(rebase_forgets_neither_what_was_used_nor_what_was_adopted),
    SUITE_CASE(an_adopted_allocator_goes_on_where_the_other_stopped),
    SUITE_CASE(what_was_adopted_stays),
    SUITE_CASE(numbers_that_contradict_each_other_are_rejected),
    SUITE_CASE(what_cannot_cross_is_not_exported),
    SUITE_CASE(what_was_given_back_is_not_exported_as_fresh),
    SUITE_CASE(the_seal_divides_the_buffer_without_loss_or_overlap),
    SUITE_CASE(a_seal_may_leave_no_whole_page_free),
    SUITE_CASE(a_sealed_allocator_serves_nothing_and_says_so),
    SUITE_CASE(late_frees_are_told_apart),
    SUITE_CASE(zero_bytes_are_not_freed_after_the_seal),
    SUITE_CASE(a_seal_fails_while_marks_are_open_or_without_a_granule),
};
const struct suite fba_handoff_suite = SUITE("fba_handoff", cases);
