// SPDX-License-Identifier: MIT
// What kmem/ledger.h promises.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/ledger.h"

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
    CHECK_ADDRESS(run, entries[0].block, block);
    CHECK_TEXT(run, entries[0].tag, "tables");
    CHECK(run, entries[0].size == 10 && entries[0].align == 2 && entries[0].sequence == 1);
    CHECK(run, entries[0].caller);
    CHECK_EQUAL(run, ledger.requested, 10);
}

static void what_goes_back_is_struck_off(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *block = allocator_alloc(&allocator, 10, 1);

    CHECK(run, allocator_resize(&allocator, block, 10, 30, 1));
    CHECK_EQUAL(run, ledger.requested, 30);
    CHECK_EQUAL(run, entries[0].size, 30);
    allocator_free(&allocator, block, 30, 1);
    CHECK_EQUAL(run, ledger.requested, 0);
    CHECK(run, !entries[0].block);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void of_two_blocks_at_one_address_the_newer_is_struck_off(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *first = allocator_alloc(&allocator, 10, 1);

    CHECK_STATUS(run, fba_reset(&fba), FBA_OK); // which the ledger does not hear of
    unsigned char *second = allocator_alloc(&allocator, 20, 1);
    CHECK_ADDRESS(run, first, second);
    allocator_free(&allocator, second, 20, 1);
    CHECK(run, entries[0].block && !entries[1].block);
}

static void the_newer_is_found_in_front_of_the_older_too(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);
    unsigned char *block = NULL;

    for (size_t i = 1; i <= 5; i++) { // the fifth goes where the first was
        CHECK_STATUS(run, fba_reset(&fba), FBA_OK);
        block = allocator_alloc(&allocator, i, 1);
    }
    CHECK(run, entries[0].sequence == 5 && entries[1].block == block);
    CHECK(run, allocator_resize(&allocator, block, 5, 50, 1));
    CHECK(run, entries[0].size == 50 && entries[1].size == 2);
    allocator_free(&allocator, block, 50, 1);
    CHECK(run, !entries[0].block && entries[1].block);
}

static void a_block_without_an_entry_is_served_all_the_same(struct suite_run *run)
{
    struct allocator allocator = open_ledger(1);
    unsigned char *first = allocator_alloc(&allocator, 10, 1);
    unsigned char *second = allocator_alloc(&allocator, 20, 1); // takes the only entry

    CHECK(run, allocator_resize(&allocator, first, 10, 5, 1));
    CHECK(run, !allocator_resize(&allocator, first, 5, 11, 1));
    CHECK_EQUAL(run, ledger.requested, 25);
    allocator_free(&allocator, first, 5, 1);
    CHECK_EQUAL(run, ledger.requested, 20);
    CHECK_ADDRESS(run, entries[0].block, second);
}

static void the_oldest_entry_is_overwritten_and_the_sums_go_on(struct suite_run *run)
{
    struct allocator allocator = open_ledger(4);

    for (size_t i = 1; i <= 6; i++)
        CHECK(run, allocator_alloc(&allocator, i, 1));
    CHECK_EQUAL(run, entries[0].sequence, 5);
    CHECK_EQUAL(run, entries[1].sequence, 6);
    CHECK_EQUAL(run, entries[2].sequence, 3);
    CHECK_EQUAL(run, ledger.requested, 21);
    CHECK_EQUAL(run, ledger.serial, 6);
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
    struct allocator allocator = open_ledger(4);
    struct ledger_holder holder;
    static const char callers[3];

    ledger.tag = "tables";
    for (size_t i = 0; i < 3; i++) {
        static const unsigned char sizes[] = {10, 20, 5};
        (void)allocator_alloc_by(&allocator, sizes[i], 1, &callers[i]);
    }
    CHECK_EQUAL(run, ledger_top(&ledger, &holder, 1), 1);
    CHECK(run, holder.size == 35 && holder.blocks == 3);
    CHECK_ADDRESS(run, holder.caller, &callers[1]);
}

static const struct suite_case cases[] = {
    SUITE_CASE(each_allocation_is_written_down),
    SUITE_CASE(what_goes_back_is_struck_off),
    SUITE_CASE(of_two_blocks_at_one_address_the_newer_is_struck_off),
    SUITE_CASE(the_newer_is_found_in_front_of_the_older_too),
    SUITE_CASE(a_block_without_an_entry_is_served_all_the_same),
    SUITE_CASE(the_oldest_entry_is_overwritten_and_the_sums_go_on),
    SUITE_CASE(without_entries_the_sums_are_kept_all_the_same),
    SUITE_CASE(failures_are_counted_and_passed_on),
    SUITE_CASE(the_largest_holders_come_first),
    SUITE_CASE(a_larger_holder_pushes_smaller_ones_back),
    SUITE_CASE(without_a_tag_each_caller_is_a_holder),
    SUITE_CASE(of_a_holder_the_largest_block_names_the_caller),
};
const struct suite ledger_suite = SUITE("ledger", cases);
