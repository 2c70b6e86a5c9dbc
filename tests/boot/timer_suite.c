// SPDX-License-Identifier: MIT
// What arch/x86_64/timer.h promises: the timer is found, and two samples give the rate.
#include "arch/x86_64/fadt.h"
#include "arch/x86_64/string.h"
#include "arch/x86_64/timer.h"
#include "tests/boot/suites.h"

static unsigned char fadt[244];
static const struct timer timer_24 = {.port = 0x608, .mask = 0xffffff};
static const struct timer timer_32 = {.port = 0x608, .mask = UINT32_MAX};

static void put(size_t offset, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        fadt[offset + i] = (unsigned char)(number >> (8 * i));
}

static void make_fadt(void)
{
    memset(fadt, 0, sizeof fadt);
    put(4, sizeof fadt, 4);
    put(FADT_PM_TIMER, 0x608, 4);
}

static void it_is_found_in_the_fadt(struct suite_run *run)
{
    struct timer timer = {0};

    make_fadt();
    CHECK(run, timer_from_fadt(&timer, fadt, sizeof fadt));
    CHECK_EQUAL(run, timer.port, 0x608);
    CHECK_EQUAL(run, timer.mask, 0xffffff);
    put(FADT_FLAGS, FADT_TIMER_32_BITS, 4);
    CHECK(run, timer_from_fadt(&timer, fadt, sizeof fadt));
    CHECK_EQUAL(run, timer.mask, UINT32_MAX);

    put(FADT_X_PM_TIMER, 1, 1);
    put(FADT_X_PM_TIMER + 4, 0x1808, 8);
    CHECK(run, timer_from_fadt(&timer, fadt, sizeof fadt));
    CHECK_EQUAL(run, timer.port, 0x1808);
}

static void without_a_port_there_is_none(struct suite_run *run)
{
    struct timer timer = {0};

    make_fadt();
    put(FADT_PM_TIMER, 0, 4);
    CHECK(run, !timer_from_fadt(&timer, fadt, sizeof fadt));
    CHECK_EQUAL(run, timer.port, 0);
    make_fadt();
    CHECK(run, !timer_from_fadt(&timer, fadt, sizeof fadt - 1)); // its length is wrong then
    CHECK_EQUAL(run, timer.port, 0);
    CHECK(run, !timer_from_fadt(&timer, fadt, 0));
}

struct rate {
    const struct timer *timer;
    struct timer_sample earlier, later;
    uint64_t per_microsecond;
};

static const struct rate rates[] = {
    {&timer_24, {0, 0}, {1000000000, 3579545}, 1000},   // a second at 1 GHz
    {&timer_24, {5, 7}, {2400000005, 3579552}, 2400},   // any start
    {&timer_24, {0, 0xfffff0}, {2799, 0xfffffa}, 1002}, // 10 counts are 2.7937 µs
    {&timer_24, {0, 0xfffff0}, {1000000, 0xdf2}, 998},  // wraps: 3586 counts are 1001.8 µs
    {&timer_32, {0, 0xfffffff0}, {1000000000, 3579529}, 1000},
    {&timer_24, {UINT64_MAX - 499999999, 0}, {500000000, 3579545}, 1000},     // the TSC wraps
    {&timer_24, {0, 0}, {1499, 3580}, 1},                                     // 1.4988 rounds down
    {&timer_24, {0, 0}, {1501, 3580}, 2},                                     // 1.5008 rounds up
    {&timer_24, {0, 0}, {499, 3580}, 0},                                      // 0.4989
    {&timer_24, {0, 0}, {0, 3580}, 0},                                        // the TSC stands
    {&timer_24, {0, 9}, {1000, 9}, 0},                                        // the timer stands
    {&timer_32, {0, 0}, {UINT64_C(5000000) * 1000 * 1000, 3579545000}, 5000}, // 1000 s at 5 GHz
    {&timer_32, {0, 0}, {UINT64_C(11990000000000), UINT32_C(4291874455)}, 10000}, // its longest run
};

static void two_samples_give_the_rate(struct suite_run *run)
{
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        CHECK_EQUAL(run, timer_calibrate(rates[i].timer, rates[i].earlier, rates[i].later),
                    rates[i].per_microsecond);
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(it_is_found_in_the_fadt),
    SUITE_CASE(without_a_port_there_is_none),
    SUITE_CASE(two_samples_give_the_rate),
};
const struct suite timer_suite = SUITE("timer", cases);
