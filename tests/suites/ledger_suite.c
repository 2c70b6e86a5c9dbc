// SPDX-License-Identifier: MIT
// What kmem/ledger.h promises.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/free_lists.h"
#include "kmem/ledger.h"
#include "kmem/reclaim.h"

static unsigned char memory[1024];
static struct fba fba;
static struct ledger ledger;
static struct ledger_entry entries[4];

static struct allocator open_ledger(size_t capacity)
{
    fba_init(&fba, memory, sizeof memory);
    ledger_init(&ledger, fba_allocator(&fba), entries, capacity);
    return ledger_allocator(&ledger);
}

static void each_allocation_is_written_down(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "tables";
    unsigned char *block = allocator_alloc(&allocator, 10, 2);
    CHECK_ADDRESS(run, entries[0].start, block);
    CHECK_ADDRESS(run, entries[0].end, block + 10);
    CHECK_TEXT(run, entries[0].tag, "tables");
    CHECK(run, entries[0].size == 10 && entries[0].blocks == 1 && entries[0].sequence == 1);
    CHECK(run, entries[0].caller);
    CHECK_EQUAL(run, ledger.requested, 10);
}

static void blocks_of_one_holder_behind_each_other_take_one_entry(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "tables";
    for (size_t i = 0; i < 10; i++)
        CHECK(run, allocator_alloc(&allocator, 10, 8)); // padding lies between
    ledger.tag = "stacks";
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    ledger.tag = "tables";
    CHECK(run, allocator_alloc(&allocator, 1, 1)); // another run
    CHECK(run, entries[0].size == 100 && entries[0].blocks == 10);
    CHECK(run, entries[1].size == 1 && entries[2].size == 1 && entries[3].blocks == 0);
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
}

static void a_run_goes_on_where_its_last_block_was_given_back(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "a";
    (void)allocator_alloc(&allocator, 1, 1);
    unsigned char *last = allocator_alloc(&allocator, 50, 1);
    allocator_free(&allocator, last, 50, 1);
    last = allocator_alloc(&allocator, 60, 1);
    allocator_free(&allocator, last, 60, 1);
    CHECK(run, allocator_alloc(&allocator, 10, 8)); // behind padding, where blocks were
    CHECK(run, entries[0].blocks == 2 && entries[1].blocks == 0);
}

static void a_run_ends_where_its_last_block_does_that_was_resized(struct suite_run *run)
{
    struct allocator allocator;
    static const char caller;

    for (size_t tagged = 0; tagged < 2; tagged++) {
        allocator = open_ledger(4);
        ledger.tag = tagged ? "a" : NULL;
        (void)allocator_alloc_by(&allocator, 10, 1, &caller);
        unsigned char *last = allocator_alloc_by(&allocator, 5, 1, &caller);
        CHECK(run, allocator_resize(&allocator, last, 5, 30, 1));
        (void)allocator_alloc_by(&allocator, 20, 1, &caller);
        CHECK(run, entries[0].size == 60 && entries[0].blocks == 3 && entries[1].blocks == 0);
        CHECK_EQUAL(run, entries[0].largest, 30);
        CHECK_EQUAL(run, entries[0].caller == &caller, !tagged); // else who resized it
    }
}

static void an_unused_entry_contains_nothing(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *blocks[2];

    ledger.tag = "a";
    for (size_t i = 0; i < 2; i++)
        blocks[i] = allocator_alloc(&allocator, 10, 1);
    for (size_t i = 0; i < 2; i++)
        allocator_free(&allocator, blocks[i], 10, 1);
    CHECK(run, entries[0].blocks == 0 && entries[0].start == entries[0].end);
}

static void what_was_taken_past_the_ledger_has_its_holder(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    static const char caller;

    ledger.tag = "processors";
    unsigned char *before = fba_alloc(&fba, 5, 1);
    (void)allocator_alloc(&allocator, 10, 1);
    unsigned char *past = fba_alloc(&fba, 30, 1);
    ledger_note(&ledger, (uintptr_t)past, 30, &caller);
    ledger_note(&ledger, (uintptr_t)before, 5, &caller);
    CHECK(run, entries[0].size == 10 && entries[1].size == 30 && entries[2].size == 5);
    CHECK_ADDRESS(run, entries[1].caller, &caller);
    CHECK_TEXT(run, entries[1].tag, "processors");
    CHECK_EQUAL(run, ledger.requested, 45);
    allocator_free(&allocator, past, 30, 1);
    CHECK(run, entries[1].blocks == 0 && ledger.foreign == 0 && ledger.requested == 15);

    allocator = open_ledger(0);
    ledger_note(&ledger, (uintptr_t)memory, 30, &caller);
    CHECK(run, ledger.requested == 30 && ledger_unrecorded(&ledger).size == 30);
}

static void what_is_freed_is_struck_off(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *block = allocator_alloc(&allocator, 10, 1);

    CHECK(run, allocator_resize(&allocator, block, 10, 30, 1));
    CHECK_EQUAL(run, ledger.requested, 30);
    CHECK_EQUAL(run, entries[0].size, 30);
    ledger.tag = "b";
    unsigned char *next = allocator_alloc(&allocator, 5, 1);
    allocator_free(&allocator, next, 5, 1);
    allocator_free(&allocator, block, 30, 1); // of another run than the newest
    CHECK_EQUAL(run, ledger.requested, 0);
    CHECK(run, entries[0].blocks == 0 && entries[1].blocks == 0);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void entries_of_freed_blocks_are_used_first(struct suite_run *run)
{
    struct allocator allocator = open_ledger(2);

    ledger.tag = "first";
    CHECK(run, allocator_alloc(&allocator, 10, 1));
    for (size_t i = 0; i < 100; i++) {
        ledger.tag = i % 2 == 0 ? "even" : "odd";
        unsigned char *block = allocator_alloc(&allocator, 20, 1);
        allocator_free(&allocator, block, 20, 1);
    }
    CHECK_TEXT(run, entries[0].tag, "first");
    CHECK(run, entries[0].size == 10 && entries[1].blocks == 0);
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
}

static void of_two_runs_at_one_address_the_newer_is_struck_off(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *first = allocator_alloc(&allocator, 10, 1);

    CHECK_STATUS(run, fba_reset(&fba), FBA_OK); // which the ledger does not hear of
    unsigned char *second = allocator_alloc(&allocator, 20, 1);
    CHECK_ADDRESS(run, first, second);
    allocator_free(&allocator, second, 20, 1);
    CHECK(run, entries[0].blocks == 1 && entries[1].blocks == 0);
}

static void of_two_runs_at_one_address_the_newer_may_stand_in_front(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "a";
    unsigned char *first = allocator_alloc(&allocator, 10, 1);
    ledger.tag = "b";
    (void)allocator_alloc(&allocator, 10, 1);
    allocator_free(&allocator, first, 10, 1); // its entry is unused
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    ledger.tag = "c";
    (void)allocator_alloc(&allocator, 10, 1);
    unsigned char *second = allocator_alloc(&allocator, 10, 1); // where b was
    ledger.tag = "d";
    (void)allocator_alloc(&allocator, 10, 1);
    allocator_free(&allocator, second, 10, 1);
    CHECK_TEXT(run, entries[0].tag, "c");
    CHECK(run, entries[0].blocks == 1 && entries[1].blocks == 1 && entries[2].blocks == 1);
}

static void a_run_ends_where_another_block_may_lie_between(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "a";
    (void)allocator_alloc(&allocator, 8, 8);
    (void)fba_alloc(&fba, 8, 8); // of which the ledger does not hear
    (void)allocator_alloc(&allocator, 8, 8);
    CHECK(run, entries[0].blocks == 1 && entries[1].blocks == 1);

    allocator = open_ledger(4);
    (void)allocator_alloc(&allocator, 1, 1);
    ledger.tag = "b";
    (void)allocator_alloc(&allocator, 99, 1);
    CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
    (void)allocator_alloc(&allocator, 1, 1); // below what was recorded before
    (void)allocator_alloc(&allocator, 1, 8);
    CHECK(run, entries[2].blocks == 1 && entries[3].blocks == 1);
}

static void wrong_sizes_leave_sums_that_add_up(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "a";
    unsigned char *first = allocator_alloc(&allocator, 10, 1);
    ledger.tag = "b";
    unsigned char *second = allocator_alloc(&allocator, 10, 1);
    allocator_free(&allocator, first, 11, 1);
    allocator_free(&allocator, second, 11, 1);
    CHECK(run, ledger.requested == 20 && ledger.foreign == 2);
    CHECK(run, allocator_resize(&allocator, first, 20, 5, 1)); // both blocks as one
    CHECK_EQUAL(run, entries[0].size + entries[1].size + ledger_unrecorded(&ledger).size,
                ledger.requested);
    allocator_free(&allocator, memory + 500, ledger.base.unplaced.size + 1, 1);
    CHECK_EQUAL(run, ledger.foreign, 4);

    allocator = open_ledger(0);
    first = allocator_alloc(&allocator, 10, 1);
    allocator_free(&allocator, first, 9, 1); // the last, so that nothing is left
    CHECK(run, ledger.requested == 0 && ledger_unrecorded(&ledger).size == 0);

    allocator = open_ledger(1);
    for (size_t i = 0; i < 3; i++) {
        ledger.tag = i == 1 ? "b" : "a"; // of which "b" is unrecorded
        (void)allocator_alloc(&allocator, i == 1 ? 1 : 10, 1);
    }
    allocator_free(&allocator, memory, 5, 1);
    allocator_free(&allocator, memory, 5, 1);
    CHECK(run, entries[0].blocks == 0 && ledger.requested == 11);
    CHECK(run, ledger_unrecorded(&ledger).size == 11 && ledger_unrecorded(&ledger).blocks == 1);
}

static void a_smaller_run_gives_way_to_a_larger_block(struct suite_run *run)
{
    struct allocator allocator = open_ledger(2);
    static const char callers[4];
    unsigned char *blocks[4];

    for (size_t i = 0; i < 4; i++) {
        static const unsigned char sizes[] = {10, 30, 20, 5};
        blocks[i] = allocator_alloc_by(&allocator, sizes[i], 1, &callers[i]);
    }
    CHECK(run, entries[0].size == 20 && entries[1].size == 30);
    CHECK(run, ledger_unrecorded(&ledger).size == 15 && ledger_unrecorded(&ledger).blocks == 2);
    allocator_free(&allocator, blocks[3], 5, 1);
    CHECK(run, ledger_unrecorded(&ledger).size == 10 && ledger_unrecorded(&ledger).blocks == 1);
    allocator_free(&allocator, blocks[2], 20, 1);
    allocator_free(&allocator, blocks[0], 10, 1);
    CHECK(run, ledger_unrecorded(&ledger).size == 0 && ledger.requested == 30);
}

static void a_block_without_an_entry_is_served_all_the_same(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    static const char callers[2];
    unsigned char *first = allocator_alloc_by(&allocator, 20, 1, &callers[0]);
    unsigned char *second = allocator_alloc_by(&allocator, 10, 1, &callers[1]);

    CHECK(run, allocator_resize(&allocator, second, 10, 15, 1));
    CHECK(run, !allocator_resize(&allocator, first, 20, 21, 1));
    CHECK(run, ledger.requested == 35 && ledger_unrecorded(&ledger).size == 15);
    allocator_free(&allocator, second, 15, 1);
    CHECK(run, ledger.requested == 20 && ledger_unrecorded(&ledger).blocks == 0);
    CHECK_ADDRESS(run, entries[0].start, first);
}

static void a_block_of_another_heap_changes_no_sum(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char elsewhere[4];

    CHECK(run, allocator_alloc(&allocator, 10, 1));
    allocator_free(&allocator, elsewhere, 4, 1);
    allocator_free(&allocator, elsewhere, 400, 1);
    CHECK(run, ledger.requested == 10 && ledger_unrecorded(&ledger).size == 0);
    CHECK_EQUAL(run, ledger.foreign, 2);
}

static void blocks_of_zero_bytes_hold_nothing(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *block = allocator_alloc(&allocator, 0, 1);

    CHECK(run, ledger.requested == 0 && ledger_unrecorded(&ledger).blocks == 1);
    CHECK(run, allocator_resize(&allocator, block, 0, 8, 1));
    CHECK(run, ledger.requested == 8 && ledger_unrecorded(&ledger).size == 8);
    CHECK(run, allocator_resize(&allocator, block, 8, 0, 1));
    allocator_free(&allocator, block, 0, 1);
    CHECK(run, ledger.requested == 0 && ledger_unrecorded(&ledger).blocks == 0);
    block = allocator_alloc(&allocator, 8, 1);
    CHECK(run, allocator_resize(&allocator, block, 8, 0, 1)); // out of its entry
    CHECK(run, entries[0].blocks == 0 && ledger_unrecorded(&ledger).blocks == 1);
    allocator_free(&allocator, block, 0, 1);
    CHECK(run,
          ledger.requested == 0 && ledger_unrecorded(&ledger).blocks == 0 && ledger.foreign == 0);
    ledger.tag = "tables";
    (void)allocator_alloc(&allocator, 8, 1);
    (void)allocator_alloc(&allocator, 0, 1); // behind the run, and not of it
    CHECK(run, entries[0].blocks == 1 && ledger_unrecorded(&ledger).blocks == 1);
}

// ── More runs than entries ──────────────────────────────────────────────────────────────────────

#define HOLDERS 8

static const char *const names[HOLDERS] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};
static struct ledger_entry two_for_each[2 * HOLDERS];

// `rounds` blocks for each tag in turn, so that each block is a run of its own.
static struct allocator alternate(size_t rounds, size_t capacity, unsigned char **blocks)
{
    struct allocator allocator;

    fba_init(&fba, memory, sizeof memory);
    ledger_init(&ledger, fba_allocator(&fba), two_for_each, capacity);
    allocator = ledger_allocator(&ledger);
    for (size_t i = 0; i < rounds * HOLDERS; i++) {
        ledger.tag = names[i % HOLDERS];
        blocks[i] = allocator_alloc(&allocator, i % HOLDERS + 1, 1);
    }
    return allocator;
}

static struct ledger_holder held_by(const char *tag)
{
    struct ledger_holder holders[HOLDERS], none = {0};
    size_t count = ledger_top(&ledger, holders, HOLDERS);

    for (size_t i = 0; i < count; i++)
        if (suite_contains(holders[i].tag, tag))
            return holders[i];
    return none;
}

static void the_sum_of_each_tag_outlives_its_runs(struct suite_run *run)
{
    unsigned char *blocks[8 * HOLDERS];

    for (size_t capacity = HOLDERS; capacity <= 2 * HOLDERS; capacity++) {
        (void)alternate(8, capacity, blocks);
        for (size_t i = 0; i < HOLDERS; i++) {
            struct ledger_holder holder = held_by(names[i]);
            CHECK_EQUAL(run, holder.blocks, 8);
            CHECK_EQUAL(run, holder.size, 8 * (i + 1));
        }
        CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
    }
}

static void beyond_the_entries_the_smallest_holders_are_unrecorded(struct suite_run *run)
{
    unsigned char *blocks[8 * HOLDERS];

    (void)alternate(1, 5, blocks);
    for (size_t i = 0; i < HOLDERS; i++)
        CHECK_EQUAL(run, held_by(names[i]).size, i < 3 ? 0 : i + 1);
    CHECK(run, ledger_unrecorded(&ledger).size == 6 && ledger_unrecorded(&ledger).blocks == 3);

    struct allocator allocator = open_ledger(1);
    for (size_t i = 0; i < 2; i++) {
        ledger.tag = names[i];
        (void)allocator_alloc(&allocator, 10, 1); // of two that are as large, the first
    }
    CHECK(run, held_by(names[0]).size == 10 && held_by(names[1]).size == 0);
}

static void a_holder_without_an_entry_gets_one_of_those_that_have_two(struct suite_run *run)
{
    unsigned char *blocks[8 * HOLDERS];
    struct allocator allocator = alternate(2, 2 * HOLDERS, blocks);

    for (size_t i = 0; i < HOLDERS; i++) {
        static const char callers[HOLDERS];
        ledger.tag = NULL;
        (void)allocator_alloc_by(&allocator, 1, 1, &callers[i]);
        CHECK_EQUAL(run, held_by(names[i]).size, 2 * (i + 1));
    }
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
    (void)allocator_alloc(&allocator, 1, 1); // one too many, and no larger than any sum
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 1);
}

static void larger_blocks_keep_their_place(struct suite_run *run)
{
    struct allocator allocator = open_ledger(3);
    unsigned char *large = NULL;

    for (size_t i = 0; i < 10; i++) {
        ledger.tag = "a";
        unsigned char *block = allocator_alloc(&allocator, i == 4 ? 100 : 10, 1);
        large = i == 4 ? block : large;
        ledger.tag = "b";
        (void)allocator_alloc(&allocator, 10, 1);
    }
    CHECK(run, held_by("a").size == 190 && held_by("b").size == 100);
    allocator_free(&allocator, large, 100, 1);
    CHECK(run, held_by("a").size == 90 && held_by("a").blocks == 9);
    CHECK_EQUAL(run, ledger_returned(&ledger).blocks, 0);
}

static void a_block_without_a_place_is_struck_off_its_only_possible_holder(struct suite_run *run)
{
    unsigned char *blocks[8 * HOLDERS];
    struct allocator allocator = alternate(2, HOLDERS, blocks);

    allocator_free(&allocator, blocks[7], 8, 1); // t0 to t2 hold less than 8 bytes each
    CHECK(run, ledger_returned(&ledger).size == 8 && held_by("t7").size == 16);
    CHECK_EQUAL(run, ledger.requested, 64);

    allocator = alternate(1, 1, blocks);
    CHECK(run, held_by("t7").size == 8 && ledger_unrecorded(&ledger).size == 28);
    allocator_free(&allocator, blocks[6], 7, 1); // the rest of t7 is none: it is a run
    CHECK(run, held_by("t7").size == 8 && ledger_unrecorded(&ledger).size == 21);
    CHECK_EQUAL(run, ledger_returned(&ledger).blocks, 0);

    allocator = alternate(2, 1, blocks); // a rest of t7 now
    CHECK(run, held_by("t7").size == 16 && ledger_unrecorded(&ledger).size == 56);
    CHECK(run, allocator_resize(&allocator, blocks[15], 8, 100, 1)); // of either
    CHECK(run, held_by("t7").size == 16 && ledger_returned(&ledger).size == 8);
    allocator_free(&allocator, blocks[15], 100, 1);
    CHECK(run, ledger_unrecorded(&ledger).size == 56 && ledger_returned(&ledger).size == 8);
}

static void what_was_returned_is_forgotten_with_the_last_block(struct suite_run *run)
{
    unsigned char *blocks[8 * HOLDERS];
    struct allocator allocator = alternate(2, HOLDERS, blocks);

    for (size_t i = 0; i < 2 * HOLDERS; i++)
        allocator_free(&allocator, blocks[i], i % HOLDERS + 1, 1);
    CHECK(run, ledger_returned(&ledger).blocks == 0 && ledger_unrecorded(&ledger).blocks == 0);
    CHECK(run, ledger.requested == 0 && ledger.foreign == 0);
    for (size_t i = 0; i < HOLDERS; i++)
        CHECK_EQUAL(run, two_for_each[i].blocks, 0);
}

static void a_run_does_not_reach_over_a_block_without_a_place(struct suite_run *run)
{
    for (size_t under_mark = 0; under_mark < 2; under_mark++) {
        struct allocator allocator = open_ledger(1);
        static struct fba_mark mark;
        static struct ledger_mark ledger_mark;
        if (under_mark) {
            (void)fba_mark(&fba, &mark);
            ledger_mark_open(&ledger, &ledger_mark, fba.base);
        }
        ledger.tag = "a";
        (void)allocator_alloc(&allocator, 8, 16);
        ledger.tag = "b";
        unsigned char *block = allocator_alloc(&allocator, 1, 1); // no entry is left
        ledger.tag = "a";
        (void)allocator_alloc(&allocator, 8, 16);
        allocator_free(&allocator, block, 1, 1);
        CHECK_EQUAL(run, held_by("a").size, 16);
    }
}

// Of runs at one address, as a ledger has them that is not told of a rewind, no block of one is
// taken for one of another's: where one loses its place, the older ones around it do.
static void a_run_that_loses_its_place_takes_older_ones_along(struct suite_run *run)
{
    static const size_t places[2][3] = {{220, 150, 100}, {100, 150, 220}};
    static const char callers[3];

    for (size_t i = 0; i < 2; i++) {
        (void)open_ledger(3);
        for (size_t j = 0; j < 3; j++)
            ledger_note(&ledger, (uintptr_t)memory + places[i][j], 100 - j, &callers[j]);
        ledger_note(&ledger, (uintptr_t)memory + 400, 200, &callers[2]);
        for (size_t j = 0; j < 3; j++)
            CHECK_EQUAL(run, entries[j].end, 0);
    }
}

static void a_rest_knows_the_caller_of_its_largest_block(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    static const char callers[3];

    ledger.tag = "a";
    for (size_t i = 0; i < 3; i++) {
        static const unsigned char sizes[] = {10, 20, 15};
        (void)fba_alloc(&fba, 1, 1); // so that each block is a run
        (void)allocator_alloc_by(&allocator, sizes[i], 1, &callers[i]);
    }
    CHECK(run, held_by("a").size == 45 && held_by("a").blocks == 3);
    CHECK_ADDRESS(run, held_by("a").caller, &callers[1]);
}

static void a_block_that_grows_stays_its_holders(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);

    ledger.tag = "a";
    (void)allocator_alloc(&allocator, 10, 1);
    (void)fba_alloc(&fba, 1, 1); // of which the ledger does not hear
    unsigned char *block = allocator_alloc(&allocator, 10, 1);
    CHECK(run, entries[0].end == 0 && entries[0].size == 20); // a rest
    CHECK(run, allocator_resize(&allocator, block, 10, 30, 1));
    CHECK(run, held_by("a").size == 40 && held_by("a").blocks == 2);
    CHECK(run, ledger_unrecorded(&ledger).blocks == 0 && ledger_returned(&ledger).blocks == 0);
    CHECK(run, allocator_resize(&allocator, block, 30, 0, 1));
    CHECK(run, held_by("a").size == 10 && ledger_unrecorded(&ledger).blocks == 1);
}

// ── Marks ───────────────────────────────────────────────────────────────────────────────────────

static struct fba_mark marks[3];
static struct ledger_mark ledger_marks[3];

static void open_mark(size_t depth)
{
    (void)fba_mark(&fba, &marks[depth]);
    ledger_mark_open(&ledger, &ledger_marks[depth], fba.base + fba_used(&fba));
}

static void rewind_mark(size_t depth)
{
    (void)fba_rewind(&fba, &marks[depth]);
    ledger_mark_rewind(&ledger);
}

static void keep_mark(size_t depth)
{
    (void)fba_keep(&fba, &marks[depth]);
    ledger_mark_keep(&ledger);
}

static void a_rewind_strikes_off_what_was_taken_since(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    ledger.tag = "tables";
    (void)allocator_alloc(&allocator, 10, 1);
    open_mark(0);
    (void)allocator_alloc(&allocator, 20, 1); // behind the run, and not of it
    CHECK(run, entries[0].size == 10 && entries[1].size == 20);
    rewind_mark(0);
    CHECK(run, entries[0].size == 10 && entries[1].blocks == 0 && ledger.requested == 10);
    (void)allocator_alloc(&allocator, 5, 1);
    CHECK(run, ledger.requested == 15 && ledger.mark == NULL);
    (void)allocator_alloc(&allocator, 5, 8); // nothing lies behind the run now
    CHECK(run, entries[1].size == 10 && entries[1].blocks == 2);
    open_mark(0);
    rewind_mark(0); // nothing was taken
    CHECK_EQUAL(run, ledger.requested, 20);
}

static void what_is_kept_stays(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    static const char callers[3];

    open_mark(0);
    (void)allocator_alloc_by(&allocator, 50, 1, &callers[0]);
    open_mark(1);
    (void)allocator_alloc_by(&allocator, 20, 1, &callers[1]); // not recorded
    keep_mark(1);
    CHECK(run, ledger.requested == 70 && ledger_unrecorded(&ledger).size == 20);
    rewind_mark(0); // takes what the inner mark has left to it
    CHECK(run, ledger.requested == 0 && ledger_unrecorded(&ledger).size == 0);
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
    open_mark(0);
    (void)allocator_alloc_by(&allocator, 20, 1, &callers[1]);
    keep_mark(0);
    CHECK_EQUAL(run, ledger.requested, 20);
}

static void a_run_that_gives_way_counts_where_it_was_taken(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    static const char callers[3];

    (void)allocator_alloc_by(&allocator, 10, 1, &callers[0]);
    open_mark(0);
    (void)allocator_alloc_by(&allocator, 20, 1, &callers[1]); // the first is not recorded now
    rewind_mark(0);
    CHECK(run, ledger.requested == 10 && ledger_unrecorded(&ledger).size == 10);
}

static void a_block_that_is_not_known_under_a_mark_is_foreign(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    static const char callers[3];

    (void)allocator_alloc_by(&allocator, 50, 1, &callers[0]);
    (void)allocator_alloc_by(&allocator, 30, 1, &callers[1]); // not recorded
    open_mark(0);
    allocator_free(&allocator, memory + 900, 10, 1); // nothing was taken here
    CHECK_EQUAL(run, ledger.foreign, 1);
    (void)allocator_alloc_by(&allocator, 20, 1, &callers[2]); // not recorded
    allocator_free(&allocator, memory + 900, 21, 1);
    CHECK(run, ledger.foreign == 2 && ledger.requested == 100);
    rewind_mark(0);
    CHECK(run, ledger.requested == 80 && ledger_unrecorded(&ledger).size == 30);
}

static void a_rest_goes_with_its_mark(struct suite_run *run)
{
    struct allocator allocator = open_ledger(3);

    for (size_t depth = 0; depth < 3; depth++) {
        for (size_t i = 0; i < 4; i++) {
            ledger.tag = i % 2 == 0 ? "a" : NULL;
            (void)allocator_alloc_by(&allocator, i % 2 == 0 ? 10 : 1, 1, &marks[0]);
        }
        CHECK_EQUAL(run, held_by("a").size, 20 * (depth + 1));
        if (depth < 2)
            open_mark(depth);
    }
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).size, 6);
    keep_mark(1);
    CHECK(run, entries[0].blocks + entries[1].blocks + entries[2].blocks == 6);
    CHECK(run, held_by("a").size == 60 && ledger_unrecorded(&ledger).size == 6);
    CHECK_EQUAL(run, (entries[0].blocks != 0) + (entries[1].blocks != 0) + (entries[2].blocks != 0),
                2); // the two of "a" became one
    rewind_mark(0);
    CHECK(run, held_by("a").size == 20 && ledger_unrecorded(&ledger).size == 2);
    CHECK_EQUAL(run, ledger.requested, 22);
}

static void what_was_returned_under_a_mark_goes_with_it(struct suite_run *run)
{
    unsigned char *blocks[4];

    for (size_t keep = 0; keep < 2; keep++) {
        struct allocator allocator = open_ledger(2);
        open_mark(0);
        for (size_t i = 0; i < 4; i++) {
            ledger.tag = i % 2 == 0 ? "a" : "b";
            blocks[i] = allocator_alloc(&allocator, 10, 1);
        }
        allocator_free(&allocator, blocks[0], 10, 1); // of either
        CHECK(run, ledger_returned(&ledger).size == 10 && held_by("a").size == 20);
        (keep ? keep_mark : rewind_mark)(0);
        CHECK_EQUAL(run, ledger_returned(&ledger).size, keep ? 10 : 0);
        CHECK_EQUAL(run, ledger.requested, keep ? 30 : 0);
        CHECK_EQUAL(run, held_by("a").size + held_by("b").size, keep ? 40 : 0);
    }
}

// ── Churn ───────────────────────────────────────────────────────────────────────────────────────

#define TAGS 5
#define LIVE 24

struct live {
    unsigned char *block;
    size_t size;
    size_t tag;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223; // Numerical Recipes, section 7.1
    return *state >> 16;
}

// Nothing is lost: the lines add up to what is held, and what they tell of a tag is what it holds,
// but for what is unrecorded or was returned.
static void check_sums(struct suite_run *run, const struct live *live, const char *const *tags)
{
    const struct ledger_count unrecorded = ledger_unrecorded(&ledger),
                              returned = ledger_returned(&ledger);
    struct ledger_holder holders[TAGS];
    size_t held[TAGS] = {0}, told[TAGS] = {0};
    size_t sum = 0, blocks = 0, recorded = 0, recorded_blocks = 0;

    for (size_t i = 0; i < LIVE; i++) {
        sum += live[i].size;
        blocks += live[i].block != NULL;
        held[live[i].tag] += live[i].size;
    }
    size_t count = ledger_top(&ledger, holders, TAGS);
    for (size_t i = 0; i < count; i++) {
        size_t tag = 0;
        while (tags[tag] != holders[i].tag)
            tag++;
        told[tag] = holders[i].size;
        recorded += holders[i].size;
        recorded_blocks += holders[i].blocks;
    }
    for (size_t tag = 0; tag < TAGS; tag++) {
        CHECK(run, told[tag] <= held[tag] + returned.size);
        CHECK(run, held[tag] <= told[tag] + unrecorded.size);
    }
    CHECK_EQUAL(run, ledger.requested, sum);
    CHECK_EQUAL(run, recorded + unrecorded.size, sum + returned.size);
    CHECK_EQUAL(run, recorded_blocks + unrecorded.blocks, blocks + returned.blocks);
}

// An allocator that hands out again what was given back, over an empty buffer.
static struct allocator open_reusing(bool in_any_order)
{
    static struct reclaim_record records[LIVE];
    static struct reclaim reclaim;
    static struct free_lists lists;

    fba_init(&fba, memory, sizeof memory);
    reclaim_init(&reclaim, &fba, records, LIVE);
    free_lists_init(&lists, &fba);
    return in_any_order ? free_lists_allocator(&lists) : reclaim_allocator(&reclaim);
}

static void churn(struct suite_run *run, uint32_t random, size_t capacity)
{
    static const char *const tags[TAGS] = {"a", "b", "c", "d", "e"};
    static struct ledger_entry many[LIVE];
    static struct live live[LIVE];
    size_t tag = 0; // which changes now and then, so that there are runs of several blocks

    ledger_init(&ledger, open_reusing(random % 2 == 0), many, capacity);
    struct allocator allocator = ledger_allocator(&ledger);
    for (size_t step = 0; step < 120; step++) {
        struct live *one = &live[next_random(&random) % LIVE];
        size_t size = next_random(&random) % 40;
        if (one->block && next_random(&random) % 4 == 0) {
            if (allocator_resize(&allocator, one->block, one->size, size, 4))
                one->size = size;
        } else if (one->block) {
            allocator_free(&allocator, one->block, one->size, 4);
            *one = (struct live){0};
        } else {
            tag = next_random(&random) % 4 == 0 ? next_random(&random) % TAGS : tag;
            one->tag = tag;
            ledger.tag = tags[tag];
            one->block = allocator_alloc(&allocator, size, 4);
            one->size = one->block ? size : 0;
        }
        check_sums(run, live, tags);
    }
    for (size_t i = 0; i < LIVE; i++) {
        if (live[i].block)
            allocator_free(&allocator, live[i].block, live[i].size, 4);
        live[i] = (struct live){0};
    }
    CHECK_EQUAL(run, ledger.requested, 0);
    CHECK_EQUAL(run, ledger_unrecorded(&ledger).blocks, 0);
    CHECK_EQUAL(run, ledger.foreign, 0);
}

static void the_lines_add_up_to_what_is_held_under_churn(struct suite_run *run)
{
    for (uint32_t seed = 0; seed < 40 && !run->failed; seed++)
        for (size_t capacity = 0; capacity <= LIVE && !run->failed;
             capacity += capacity < 4 ? 1 : 4)
            churn(run, seed, capacity);
}

// What lies in the place of a block that was given back is not taken for a block of its run.
static void a_block_in_the_gap_of_a_run_is_none_of_its_blocks(struct suite_run *run)
{
    static struct free_lists lists;
    struct ledger_holder holder;

    fba_init(&fba, memory, sizeof memory);
    free_lists_init(&lists, &fba);
    ledger_init(&ledger, free_lists_allocator(&lists), entries, 1);
    struct allocator allocator = ledger_allocator(&ledger);
    ledger.tag = "large";
    unsigned char *blocks[3];
    for (size_t i = 0; i < 3; i++)
        blocks[i] = allocator_alloc(&allocator, 64, 1);
    allocator_free(&allocator, blocks[1], 64, 1);
    ledger.tag = "small";
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 60, 1), blocks[1]);
    CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 1);
    CHECK_TEXT(run, holder.tag, "large");
    CHECK(run, holder.size == 128 && ledger_unrecorded(&ledger).size == 60);
    allocator_free(&allocator, blocks[0], 64, 1); // too large for the small one
    CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 1);
    CHECK(run, holder.size == 64 && ledger_returned(&ledger).blocks == 0);
    allocator_free(&allocator, blocks[1], 60, 1); // of either, as far as is known
    CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 1);
    CHECK(run, holder.size == 64 && ledger_returned(&ledger).size == 60);
    CHECK_EQUAL(run, ledger.requested, 64);
}

// Blocks of which no two lie at one address, as an fba hands them out.
static void the_lines_add_up_under_marks(struct suite_run *run)
{
    static const char *const tags[TAGS] = {"a", "b", "c", "d", "e"};
    static struct ledger_entry many[LIVE];
    static struct live live[LIVE];
    static size_t born_under[LIVE]; // marks that were open

    for (size_t capacity = 0; capacity <= LIVE; capacity += 3) {
        uint32_t random = 100 + (uint32_t)capacity;
        size_t depth = 0;
        fba_init(&fba, memory, sizeof memory);
        ledger_init(&ledger, fba_allocator(&fba), many, capacity);
        struct allocator allocator = ledger_allocator(&ledger);
        for (size_t i = 0; i < LIVE; i++)
            live[i] = (struct live){0};
        for (size_t step = 0; step < 2000; step++) {
            size_t chosen = next_random(&random) % LIVE, what = next_random(&random) % 8;
            struct live *one = &live[chosen];
            if (what == 0 && depth < 3) {
                open_mark(depth++);
            } else if (what == 1 && depth > 0) {
                rewind_mark(--depth);
                for (size_t i = 0; i < LIVE; i++)
                    if (born_under[i] > depth)
                        live[i] = (struct live){0};
            } else if (what == 2 && depth > 0) {
                keep_mark(--depth);
                for (size_t i = 0; i < LIVE; i++)
                    born_under[i] = born_under[i] > depth ? depth : born_under[i];
            } else if (one->block) {
                allocator_free(&allocator, one->block, one->size, 4);
                *one = (struct live){0};
            } else {
                one->tag = next_random(&random) % TAGS;
                one->size = next_random(&random) % 40 + 1;
                born_under[chosen] = depth;
                ledger.tag = tags[one->tag];
                one->block = allocator_alloc(&allocator, one->size, 4);
                one->size = one->block ? one->size : 0;
            }
            if (depth == 0 && fba_available(&fba, 1) < 100) { // what was freed out of order is lost
                (void)fba_reset(&fba);
                ledger_init(&ledger, fba_allocator(&fba), many, capacity);
                for (size_t i = 0; i < LIVE; i++)
                    live[i] = (struct live){0};
            }
            check_sums(run, live, tags);
            if (run->failed)
                return;
        }
        CHECK_EQUAL(run, ledger.foreign, 0);
    }
}

static void without_entries_the_sums_are_kept_all_the_same(struct suite_run *run)
{
    struct allocator allocator = open_ledger(0);
    struct ledger_holder holder;

    CHECK(run, allocator_alloc(&allocator, 10, 1));
    CHECK_EQUAL(run, ledger.requested, 10);
    CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 0);
}

static void failures_are_counted_and_passed_on(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    CHECK(run, !allocator_alloc(&allocator, 2000, 1));
    CHECK_EQUAL(run, ledger.failures, 1);
    CHECK_EQUAL(run, fba.failure.count, 1);
    CHECK_EQUAL(run, ledger.requested, 0);
}

static void the_largest_holders_come_first(struct suite_run *run)
{
    static char other_tables[] = "tables"; // not constant, so that it is no other's literal
    struct allocator allocator = open_ledger(4);
    struct ledger_holder holders[3];

    ledger.tag = "tables";
    (void)allocator_alloc(&allocator, 10, 1);
    ledger.tag = "stacks";
    (void)allocator_alloc(&allocator, 15, 1);
    ledger.tag = other_tables; // the same word elsewhere
    (void)allocator_alloc(&allocator, 20, 1);
    ledger.tag = "names";
    (void)allocator_alloc(&allocator, 1, 1);

    CHECK_EQUAL(run, ledger_top(&ledger, holders, 3), 3);
    CHECK_TEXT(run, holders[0].tag, "tables");
    CHECK(run, holders[0].size == 30 && holders[0].blocks == 2);
    CHECK_TEXT(run, holders[1].tag, "stacks");
    CHECK_TEXT(run, holders[2].tag, "names");
    CHECK_EQUAL(run, ledger_top(&ledger, holders, 1), 1);
    CHECK_TEXT(run, holders[0].tag, "tables");
    CHECK_EQUAL(run, ledger_top(&ledger, holders, 0), 0);
}

static void a_larger_holder_pushes_smaller_ones_back(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    struct ledger_holder holders[2];
    unsigned char *blocks[4];

    for (size_t i = 0; i < 4; i++) {
        static const char *const tags[] = {"a", "ab", "b", "b"};
        ledger.tag = tags[i];
        blocks[i] = allocator_alloc(&allocator, 10 * (i + 1), 1);
    }
    CHECK_EQUAL(run, ledger_top(&ledger, holders, 2), 2);
    CHECK(run, holders[0].size == 70 && holders[1].size == 20);
    CHECK_TEXT(run, holders[1].tag, "ab"); // not the same as what it begins with
    allocator_free(&allocator, blocks[0], 10, 1);
    allocator_free(&allocator, blocks[2], 30, 1);
    CHECK_EQUAL(run, ledger_top(&ledger, holders, 2), 2);
    CHECK(run, holders[0].size == 40 && holders[1].size == 20);
}

static void without_a_tag_each_caller_is_a_holder(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    struct ledger_holder holders[4];
    static const char callers[2];

    (void)allocator_alloc_by(&allocator, 10, 1, &callers[0]);
    (void)allocator_alloc_by(&allocator, 30, 1, &callers[1]);
    (void)allocator_alloc_by(&allocator, 5, 1, &callers[0]);
    ledger.tag = "named";
    (void)allocator_alloc_by(&allocator, 100, 1, &callers[0]);
    CHECK_EQUAL(run, ledger_top(&ledger, holders, 4), 3);
    CHECK_TEXT(run, holders[0].tag, "named");
    CHECK(run, !holders[1].tag && holders[1].size == 30 && holders[1].caller == &callers[1]);
    CHECK(run, !holders[2].tag && holders[2].size == 15 && holders[2].caller == &callers[0]);
    CHECK_EQUAL(run, holders[2].blocks, 2);
}

static void of_a_holder_the_largest_block_names_the_caller(struct suite_run *run)
{
    static const unsigned char sizes[] = {10, 20, 5};
    static const char callers[3];

    for (size_t apart = 0; apart < 2; apart++) {
        struct allocator allocator = open_ledger(4);
        struct ledger_holder holder;
        ledger.tag = "tables";
        for (size_t i = 0; i < 3; i++) {
            (void)allocator_alloc_by(&allocator, sizes[i], 1, &callers[i]);
            (void)fba_alloc(&fba, apart, 1); // of which the ledger does not hear
        }
        CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 1);
        CHECK(run, holder.size == 35 && holder.blocks == 3);
        CHECK_ADDRESS(run, holder.caller, &callers[1]);
        CHECK(run, entries[0].blocks == (apart ? 1 : 3));
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(each_allocation_is_written_down),
    SUITE_CASE(blocks_of_one_holder_behind_each_other_take_one_entry),
    SUITE_CASE(a_run_goes_on_where_its_last_block_was_given_back),
    SUITE_CASE(a_run_ends_where_its_last_block_does_that_was_resized),
    SUITE_CASE(an_unused_entry_contains_nothing),
    SUITE_CASE(what_was_taken_past_the_ledger_has_its_holder),
    SUITE_CASE(what_is_freed_is_struck_off),
    SUITE_CASE(entries_of_freed_blocks_are_used_first),
    SUITE_CASE(of_two_runs_at_one_address_the_newer_is_struck_off),
    SUITE_CASE(of_two_runs_at_one_address_the_newer_may_stand_in_front),
    SUITE_CASE(a_run_ends_where_another_block_may_lie_between),
    SUITE_CASE(wrong_sizes_leave_sums_that_add_up),
    SUITE_CASE(a_smaller_run_gives_way_to_a_larger_block),
    SUITE_CASE(a_block_without_an_entry_is_served_all_the_same),
    SUITE_CASE(a_block_of_another_heap_changes_no_sum),
    SUITE_CASE(blocks_of_zero_bytes_hold_nothing),
    SUITE_CASE(the_sum_of_each_tag_outlives_its_runs),
    SUITE_CASE(beyond_the_entries_the_smallest_holders_are_unrecorded),
    SUITE_CASE(a_holder_without_an_entry_gets_one_of_those_that_have_two),
    SUITE_CASE(larger_blocks_keep_their_place),
    SUITE_CASE(a_block_without_a_place_is_struck_off_its_only_possible_holder),
    SUITE_CASE(what_was_returned_is_forgotten_with_the_last_block),
    SUITE_CASE(a_run_does_not_reach_over_a_block_without_a_place),
    SUITE_CASE(a_run_that_loses_its_place_takes_older_ones_along),
    SUITE_CASE(a_rest_knows_the_caller_of_its_largest_block),
    SUITE_CASE(a_block_that_grows_stays_its_holders),
    SUITE_CASE(a_rewind_strikes_off_what_was_taken_since),
    SUITE_CASE(what_is_kept_stays),
    SUITE_CASE(a_run_that_gives_way_counts_where_it_was_taken),
    SUITE_CASE(a_block_that_is_not_known_under_a_mark_is_foreign),
    SUITE_CASE(a_rest_goes_with_its_mark),
    SUITE_CASE(what_was_returned_under_a_mark_goes_with_it),
    SUITE_CASE(the_lines_add_up_to_what_is_held_under_churn),
    SUITE_CASE(a_block_in_the_gap_of_a_run_is_none_of_its_blocks),
    SUITE_CASE(the_lines_add_up_under_marks),
    SUITE_CASE(without_entries_the_sums_are_kept_all_the_same),
    SUITE_CASE(failures_are_counted_and_passed_on),
    SUITE_CASE(the_largest_holders_come_first),
    SUITE_CASE(a_larger_holder_pushes_smaller_ones_back),
    SUITE_CASE(without_a_tag_each_caller_is_a_holder),
    SUITE_CASE(of_a_holder_the_largest_block_names_the_caller),
};
const struct suite ledger_suite = SUITE("ledger", cases);
