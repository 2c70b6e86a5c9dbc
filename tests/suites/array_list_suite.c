// SPDX-License-Identifier: MIT
// What kmem/array_list.h promises.
#include "tests/suites/suite.h"

#include "kmem/array_list.h"
#include "kmem/failing.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"

static _Alignas(16) unsigned char memory[1024];
static struct fba fba;

static struct array_list new_list(size_t size)
{
    fba_init(&fba, memory, size);
    return array_list_of(int, fba_allocator(&fba));
}

static void an_empty_list_has_allocated_nothing(struct suite_run *run)
{
    struct array_list list = new_list(64);
    int item = 7;

    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, list.count, 0);
    CHECK(run, !array_list_pop(&list, &item));
    CHECK_EQUAL(run, item, 7);
    array_list_each(int, each, &list) CHECK(run, !each); // nothing to walk over
    CHECK(run, array_list_append_many(&list, NULL, 0));
    CHECK(run, array_list_shrink_to_fit(&list));
    array_list_free(&list);
}

static void what_is_appended_stands_in_order(struct suite_run *run)
{
    struct array_list list = new_list(1024);
    const int more[] = {100, 101, 102};
    int expected = 0;

    for (int i = 0; i < 100; i++)
        CHECK(run, array_list_append(&list, &i));
    CHECK(run, array_list_append_many(&list, more, 3));
    CHECK_EQUAL(run, list.count, 103);
    array_list_each(int, item, &list)
    {
        CHECK_EQUAL(run, *item, expected);
        expected++;
    }
    CHECK_EQUAL(run, expected, 103);
    CHECK_EQUAL(run, *(int *)array_list_at(&list, 42), 42);
}

static void items_that_are_pointers_are_walked_over(struct suite_run *run)
{
    static const char *const words[] = {"boot", "seal"};
    size_t number = 0;

    fba_init(&fba, memory, sizeof memory);
    struct array_list list = array_list_of(const char *, fba_allocator(&fba));
    CHECK(run, array_list_append_many(&list, words, 2));
    array_list_each(const char *, word, &list)
    {
        CHECK_ADDRESS(run, word, (const char **)list.items + number);
        number++;
    }
    CHECK_EQUAL(run, number, 2);
    CHECK_TEXT(run, *(const char **)array_list_at(&list, 1), "seal");
}

static void the_last_list_of_an_fba_grows_in_place(struct suite_run *run)
{
    struct array_list list = new_list(400);

    for (int i = 0; i < 100; i++)
        CHECK(run, array_list_append(&list, &i));
    CHECK_ADDRESS(run, list.items, memory);
    int one_more = 100;
    CHECK(run, !array_list_append(&list, &one_more)); // the buffer is used to its last byte
    CHECK_EQUAL(run, list.count, 100);
    array_list_free(&list);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void another_list_moves_and_keeps_its_items(struct suite_run *run)
{
    struct array_list list = new_list(1024);

    for (int i = 0; i < 50; i++) {
        CHECK(run, array_list_append(&list, &i));
        (void)fba_alloc(&fba, 1, 1);
    }
    for (size_t i = 0; i < 50; i++)
        CHECK_EQUAL(run, *(int *)array_list_at(&list, i), i);
}

static void insert_moves_the_later_items_up(struct suite_run *run)
{
    struct array_list list = new_list(1024);

    for (int i = 9; i >= 0; i--)
        CHECK(run, array_list_insert(&list, 0, &i)); // at the front
    int last = 11;
    int between = 10;
    CHECK(run, array_list_insert(&list, 10, &last)); // at the end
    CHECK(run, array_list_insert(&list, 10, &between));
    for (size_t i = 0; i < 12; i++)
        CHECK_EQUAL(run, *(int *)array_list_at(&list, i), i);
}

static void pop_removes_the_last_item(struct suite_run *run)
{
    struct array_list list = new_list(1024);
    const int items[] = {1, 2};
    int item;

    CHECK(run, array_list_append_many(&list, items, 2));
    CHECK(run, array_list_pop(&list, &item));
    CHECK_EQUAL(run, item, 2);
    CHECK(run, array_list_pop(&list, NULL));
    CHECK(run, !array_list_pop(&list, &item));
}

static void reserve_takes_exactly_that_much_once(struct suite_run *run)
{
    struct array_list list = new_list(1024);

    CHECK(run, array_list_reserve(&list, 10));
    CHECK_EQUAL(run, fba_used(&fba), 10 * sizeof(int));
    CHECK(run, array_list_reserve(&list, 5));
    for (int i = 0; i < 10; i++)
        CHECK(run, array_list_append(&list, &i));
    CHECK_EQUAL(run, fba_used(&fba), 10 * sizeof(int));
    void *items = list.items;
    CHECK(run, array_list_reserve(&list, 20));
    CHECK_ADDRESS(run, list.items, items); // it was the last block
    CHECK(run, array_list_shrink_to_fit(&list));
    CHECK(run, !array_list_reserve(&list, SIZE_MAX / 2));
    CHECK(run, !array_list_reserve(&list, SIZE_MAX / sizeof(int) + 20)); // in bytes it wraps to 76
    CHECK(run, !array_list_reserve(&list, 1000));
    CHECK_EQUAL(run, list.capacity, 10);
}

static void shrink_to_fit_gives_the_rest_back(struct suite_run *run)
{
    struct array_list list = new_list(1024);
    int item = 1;

    CHECK(run, array_list_reserve(&list, 100));
    CHECK(run, array_list_append(&list, &item));
    CHECK(run, array_list_shrink_to_fit(&list));
    CHECK_EQUAL(run, fba_used(&fba), sizeof(int));
    CHECK(run, array_list_pop(&list, NULL));
    CHECK(run, array_list_shrink_to_fit(&list));
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static void a_list_that_cannot_grow_is_as_it_was(struct suite_run *run)
{
    struct array_list list = new_list(40);
    const int items[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

    CHECK(run, array_list_append_many(&list, items, 10));
    CHECK(run, !array_list_append_many(&list, items, 1));
    CHECK(run, !array_list_append_many(&list, items, 10)); // more than the list grows by itself
    CHECK(run, !array_list_append_many(&list, items, SIZE_MAX)); // the count overflows
    CHECK(run, !array_list_insert(&list, 3, items));
    CHECK_EQUAL(run, list.count, 10);
    for (size_t i = 0; i < 10; i++)
        CHECK_EQUAL(run, *(int *)array_list_at(&list, i), items[i]);
}

// Builds two lists in turn, which keep each other from growing in place.
static bool build_two_lists(struct allocator allocator, void *context)
{
    struct array_list a = array_list_of(int, allocator);
    struct array_list b = array_list_of(int, allocator);
    bool done = true;

    fba_reset(context);
    for (int i = 0; i < 20 && done; i++)
        done = array_list_append(&a, &i) && array_list_append(&b, &i);
    array_list_free(&b);
    array_list_free(&a);
    return done;
}

static void every_failure_is_reported_and_leaks_nothing(struct suite_run *run)
{
    fba_init(&fba, memory, sizeof memory);
    struct failing_result result = failing_each(fba_allocator(&fba), build_two_lists, &fba);
    CHECK_TEXT(run, failing_verdict_name(result.verdict), "ok");
    CHECK(run, result.count > 4);
}

static void lists_that_grow_side_by_side_move_seldom(struct suite_run *run)
{
    fba_init(&fba, memory, sizeof memory);
    struct array_list lists[2] = {array_list_of(char, fba_allocator(&fba)),
                                  array_list_of(char, fba_allocator(&fba))};
    size_t moves = 0;

    for (size_t i = 0; i < 64; i++) {
        for (size_t j = 0; j < 2; j++) {
            const void *items = lists[j].items;
            CHECK(run, array_list_push(char, &lists[j], 'x'));
            moves += items && lists[j].items != items;
        }
    }
    CHECK(run, moves <= 2 * 3);
    CHECK_EQUAL(run, fba.failure.count, 0);
}

static void a_list_that_grows_into_what_is_left_leaves_no_failure(struct suite_run *run)
{
    fba_init(&fba, memory, 8 * sizeof(uint64_t) + 1 + 7 + 10 * sizeof(uint64_t) + 1);
    struct array_list list = array_list_of(uint64_t, fba_allocator(&fba));
    CHECK(run, array_list_reserve(&list, 8));
    (void)fba_alloc(&fba, 1, 1); // it cannot grow in place any more
    list.count = 8;
    CHECK(run, array_list_make_room(&list, 1));
    CHECK_EQUAL(run, list.capacity, 9); // not half as much again, for which there is no room
    CHECK_EQUAL(run, fba.failure.count, 0);
    (void)fba_alloc(&fba, 1, 1);
    CHECK(run, !array_list_make_room(&list, 100)); // what is needed is asked for, once
    CHECK_EQUAL(run, fba.failure.count, 1);
    CHECK_EQUAL(run, fba.failure.size, 108 * sizeof(uint64_t));
}

static void a_value_is_pushed_where_it_stands(struct suite_run *run)
{
    fba_init(&fba, memory, sizeof memory);
    struct array_list list = array_list_of(uint16_t, fba_allocator(&fba));
    uint16_t next = 0;

    while (array_list_push(uint16_t, &list, next++))
        ;
    // The buffer is full of them; the value that found no room was evaluated, too.
    CHECK_EQUAL(run, list.count, list.capacity);
    CHECK_EQUAL(run, list.count + 1, next);
    CHECK(run, fba_available(&fba, 1) < sizeof(uint16_t));
    CHECK(run, fba.failure.caller != NULL);
    for (size_t i = 0; i < list.count; i++)
        CHECK_EQUAL(run, *(uint16_t *)array_list_at(&list, i), i);
}

static void room_is_made_for_as_many_as_one_says(struct suite_run *run)
{
    fba_init(&fba, memory, sizeof memory);
    struct array_list list = array_list_of(int, fba_allocator(&fba));

    CHECK(run, array_list_make_room(&list, 0));
    CHECK(run, array_list_make_room(&list, 20));
    CHECK(run, list.capacity >= 20);
    CHECK_EQUAL(run, list.count, 0);
    size_t capacity = list.capacity;
    CHECK(run, array_list_make_room(&list, 20));
    CHECK_EQUAL(run, list.capacity, capacity);
    CHECK(run, !array_list_make_room(&list, SIZE_MAX));
    CHECK_EQUAL(run, list.capacity, capacity);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_empty_list_has_allocated_nothing),
    SUITE_CASE(what_is_appended_stands_in_order),
    SUITE_CASE(items_that_are_pointers_are_walked_over),
    SUITE_CASE(the_last_list_of_an_fba_grows_in_place),
    SUITE_CASE(another_list_moves_and_keeps_its_items),
    SUITE_CASE(insert_moves_the_later_items_up),
    SUITE_CASE(pop_removes_the_last_item),
    SUITE_CASE(reserve_takes_exactly_that_much_once),
    SUITE_CASE(shrink_to_fit_gives_the_rest_back),
    SUITE_CASE(a_list_that_cannot_grow_is_as_it_was),
    SUITE_CASE(every_failure_is_reported_and_leaks_nothing),
    SUITE_CASE(lists_that_grow_side_by_side_move_seldom),
    SUITE_CASE(a_list_that_grows_into_what_is_left_leaves_no_failure),
    SUITE_CASE(a_value_is_pushed_where_it_stands),
    SUITE_CASE(room_is_made_for_as_many_as_one_says),
};
const struct suite array_list_suite = SUITE("array_list", cases);
