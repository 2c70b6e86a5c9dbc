// SPDX-License-Identifier: MIT
// What boot/kernel/wait.h promises, on a stub timer that moves on at each look.
#include "boot/kernel/wait.h"
#include "tests/boot/suites.h"

struct stub {
    uint32_t count; // not masked
    uint32_t step;  // that each look adds, or each of so many
    uint64_t looks, looks_of_a_step;
    bool *flag; // set at look number `flag_at`
    uint64_t flag_at;
};

static uint32_t read_stub(void *context, uintptr_t address, unsigned width)
{
    struct stub *stub = context;

    (void)address;
    (void)width;
    stub->looks++;
    if (stub->looks_of_a_step == 0 || stub->looks % stub->looks_of_a_step == 0)
        stub->count += stub->step;
    if (stub->flag && stub->looks == stub->flag_at)
        *stub->flag = true;
    return stub->count;
}

static struct timer timer_of(struct stub *stub)
{
    return timer_at((struct device_io){.read = read_stub, .context = stub}, 0x608, false);
}

static void a_wait_is_over_when_its_time_has_passed(struct suite_run *run)
{
    struct stub stub = {.step = 358}; // some 100 microseconds
    struct timer timer = timer_of(&stub);

    wait_for(&timer, 10000);
    CHECK(run, stub.looks >= 100 && stub.looks <= 102);
}

static void time_adds_up_over_wraps(struct suite_run *run)
{
    struct stub stub = {.count = 0xfffff0, .step = 0xc00000}; // three quarters of a turn
    struct timer timer = timer_of(&stub);

    wait_for(&timer, 30000000); // some 6.4 turns
    CHECK(run, stub.looks >= 9 && stub.looks <= 11);
}

static void a_timer_that_stands_ends_the_wait(struct suite_run *run)
{
    struct stub stub = {.count = 5};
    struct timer timer = timer_of(&stub);
    bool never = false;
    size_t none = 0;

    wait_for(&timer, 30000000);
    CHECK(run, stub.looks <= 200000);
    CHECK(run, !wait_for_flag(&timer, &never, 30000000));
    CHECK(run, !wait_for_count(&timer, &none, 1, 30000000));
}

// It would take hours by its count.
static void a_timer_that_creeps_ends_the_wait(struct suite_run *run)
{
    struct stub stub = {.step = 1, .looks_of_a_step = 50000};
    struct timer timer = timer_of(&stub);

    wait_for(&timer, 10000);
    CHECK(run, stub.count < 10000);
}

static void a_timer_that_is_too_fast_is_told(struct suite_run *run)
{
    struct stub wild = {.step = 0x800000};
    struct stub slow = {.step = 1, .looks_of_a_step = 100};
    struct timer timer = timer_of(&wild);

    CHECK(run, !wait_for(&timer, 30000000));
    timer = timer_of(&slow);
    CHECK(run, wait_for(&timer, 100));
}

static void what_comes_in_time_is_seen(struct suite_run *run)
{
    bool flag = false;
    struct stub stub = {.step = 358, .flag = &flag, .flag_at = 50};
    struct timer timer = timer_of(&stub);
    size_t two = 2;

    CHECK(run, wait_for_flag(&timer, &flag, 10000));
    CHECK(run, stub.looks <= 51);
    CHECK(run, wait_for_count(&timer, &two, 2, 0));
}

static void what_does_not_come_is_given_up_on(struct suite_run *run)
{
    bool flag = false;
    struct stub stub = {.step = 358};
    struct timer timer = timer_of(&stub);
    size_t two = 2;

    CHECK(run, !wait_for_flag(&timer, &flag, 10000));
    CHECK(run, !wait_for_count(&timer, &two, 3, 10000));
    CHECK(run, stub.looks <= 204);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_wait_is_over_when_its_time_has_passed),
    SUITE_CASE(time_adds_up_over_wraps),
    SUITE_CASE(a_timer_that_stands_ends_the_wait),
    SUITE_CASE(a_timer_that_creeps_ends_the_wait),
    SUITE_CASE(a_timer_that_is_too_fast_is_told),
    SUITE_CASE(what_comes_in_time_is_seen),
    SUITE_CASE(what_does_not_come_is_given_up_on),
};
const struct suite wait_suite = SUITE("wait", cases);
