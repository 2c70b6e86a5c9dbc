// SPDX-License-Identifier: MIT
// What boot/kernel/page_frames.h promises: every frame that was given is taken exactly once.
#include "arch/x86_64/string.h"
#include "boot/kernel/page_frames.h"
#include "tests/boot/suites.h"

#define FRAMES 64
// The physical address of the first frame: any that is not its virtual one.
#define FIRST UINT64_C(0x123000)

static _Alignas(PAGE_SIZE) unsigned char memory[FRAMES][PAGE_SIZE];
static bool is_free[FRAMES]; // as the test knows it
static size_t free_count;
static struct page_frames frames;

static physical_t frame_number(size_t number)
{
    return physical(FIRST + number * PAGE_SIZE);
}

static void start(void)
{
    frames = (struct page_frames){.direct_map = (uintptr_t)memory - (uintptr_t)FIRST};
    memset(is_free, 0, sizeof is_free);
    free_count = 0;
}

static void give(size_t first, size_t end)
{
    page_frames_give(&frames, frame_number(first), frame_number(end));
    for (size_t i = first; i < end; i++)
        is_free[i] = true;
    free_count += end - first;
}

// Takes a frame that was free, and fills it: who takes a frame may write to all of it.
static void take(struct suite_run *run)
{
    physical_t frame = {0};

    CHECK(run, page_frames_take(&frames, &frame));
    CHECK(run, frame.value >= FIRST && (frame.value - FIRST) % PAGE_SIZE == 0);
    size_t number = (frame.value - FIRST) / PAGE_SIZE;
    CHECK(run, number < FRAMES);
    CHECK(run, is_free[number]);
    is_free[number] = false;
    free_count--;
    memset(memory[number], 0xa5, PAGE_SIZE);
    CHECK_EQUAL(run, frames.free, free_count);
}

static void check_empty(struct suite_run *run)
{
    physical_t frame = {42};

    CHECK_EQUAL(run, free_count, 0);
    CHECK_EQUAL(run, frames.free, 0);
    CHECK(run, !page_frames_take(&frames, &frame));
    CHECK_EQUAL(run, frame.value, 42);
}

static void without_frames_none_is_taken(struct suite_run *run)
{
    start();
    check_empty(run);
    page_frames_give(&frames, frame_number(3), frame_number(3));
    check_empty(run);
}

static void each_frame_is_taken_once(struct suite_run *run)
{
    start();
    give(10, 11);
    give(20, 40);
    give(0, 2);
    give(63, 64);
    CHECK_EQUAL(run, frames.free, 24);
    while (free_count > 0 && !run->failed)
        take(run);
    if (!run->failed)
        check_empty(run);
}

static void giving_touches_one_frame_of_a_range(struct suite_run *run)
{
    start();
    memset(memory, 0x5a, sizeof memory);
    give(8, 32);
    for (size_t i = 0; i < FRAMES; i++)
        if (i != 8)
            CHECK_BYTES(run, memory[i], PAGE_SIZE, 0x5a);
}

static void a_frame_given_back_is_taken_again(struct suite_run *run)
{
    start();
    give(5, 6);
    for (size_t i = 0; i < 3 && !run->failed; i++) {
        take(run);
        check_empty(run);
        give(5, 6);
    }
}

static void any_order_of_giving_and_taking_loses_nothing(struct suite_run *run)
{
    uint64_t random = 5;

    start();
    for (size_t i = 0; i < 5000 && !run->failed; i++) {
        size_t first = suite_random(&random) % FRAMES;
        size_t end = first;
        size_t most = suite_random(&random) % 6;
        while (end < FRAMES && end - first < most && !is_free[end])
            end++;
        if (suite_random(&random) % 4 == 0)
            give(first, end);
        else if (free_count > 0)
            take(run);
        else
            check_empty(run);
    }
    while (free_count > 0 && !run->failed)
        take(run);
    if (!run->failed)
        check_empty(run);
}

static void a_table_is_a_frame_of_zeros(struct suite_run *run)
{
    physical_t table;

    start();
    memset(memory, 0xa5, sizeof memory);
    give(3, 5);
    for (size_t i = 0; i < 2; i++) {
        CHECK(run, page_frames_new_table(&frames, &table));
        CHECK_BYTES(run, memory[(table.value - FIRST) / PAGE_SIZE], PAGE_SIZE, 0);
    }
    CHECK_BYTES(run, memory[5], PAGE_SIZE, 0xa5);
    CHECK(run, !page_frames_new_table(&frames, &table));
}

static const struct suite_case cases[] = {
    SUITE_CASE(without_frames_none_is_taken),
    SUITE_CASE(each_frame_is_taken_once),
    SUITE_CASE(giving_touches_one_frame_of_a_range),
    SUITE_CASE(a_frame_given_back_is_taken_again),
    SUITE_CASE(a_table_is_a_frame_of_zeros),
    SUITE_CASE(any_order_of_giving_and_taking_loses_nothing),
};
const struct suite page_frames_suite = SUITE("page_frames", cases);
