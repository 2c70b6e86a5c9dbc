// SPDX-License-Identifier: MIT
// What arch/x86_64/timer.h promises: a sample has the timer's bits, and two samples give the rate.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/timer.h"
#include "tests/boot/suites.h"

static const struct timer timer_24 = {.port = 0x608, .mask = 0xffffff};
static const struct timer timer_32 = {.port = 0x608, .mask = UINT32_MAX};

static uint32_t read_stub(void *context, uintptr_t address, unsigned width)
{
    return address == 0x608 && width == 4 ? *(const uint32_t *)context : 0;
}

static void a_sample_has_the_bits_that_count(struct suite_run *run)
{
    uint32_t count = 0x89abcdef;
    const struct device_io io = {.read = read_stub, .context = &count};
    struct timer timer = timer_at(io, 0x608, false);

    CHECK_EQUAL(run, timer.mask, 0xffffff);
    CHECK_EQUAL(run, timer_sample(&timer).count, 0xabcdef);
    timer = timer_at(io, 0x608, true);
    CHECK_EQUAL(run, timer_sample(&timer).count, 0x89abcdef);
    struct timer_sample earlier = timer_sample(&timer);
    CHECK(run, timer_sample(&timer).tsc > earlier.tsc);
}

// Counts the reads; the first and the last of three take long, as when a host has other work.
static uint32_t read_slowly(void *context, uintptr_t address, unsigned width)
{
    uint32_t *reads = context;
    uint64_t start = cpu_rdtsc();

    (void)address;
    (void)width;
    while (*reads % 3 != 1 && cpu_rdtsc() - start < UINT64_C(1) << 27) {
    }
    return ++*reads;
}

static void a_sample_is_one_between_whose_reads_little_time_passed(struct suite_run *run)
{
    uint32_t reads = 0;
    struct timer timer =
        timer_at((struct device_io){.read = read_slowly, .context = &reads}, 0x608, true);

    CHECK_EQUAL(run, timer_sample(&timer).count, 2);
    CHECK_EQUAL(run, reads, 3);
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

// By the TSC of the slowest processor; a faster one is distrusted sooner.
static void a_timer_that_may_have_wrapped_is_told(struct suite_run *run)
{
    const uint64_t seconds_24 = 4, seconds_32 = 1100;
    const struct timer_sample start = {.tsc = UINT64_MAX - 7};

    CHECK(run, !timer_may_have_wrapped(&timer_24, start, start));
    CHECK(run, !timer_may_have_wrapped(&timer_24, start,
                                       (struct timer_sample){.tsc = 100000000 * seconds_24}));
    CHECK(run, timer_may_have_wrapped(
                   &timer_24, start, (struct timer_sample){.tsc = 100000000 * seconds_24 * 5 / 4}));
    CHECK(run, !timer_may_have_wrapped(&timer_32, start,
                                       (struct timer_sample){.tsc = 100000000 * seconds_32}));
    CHECK(run, timer_may_have_wrapped(
                   &timer_32, start, (struct timer_sample){.tsc = 100000000 * seconds_32 * 5 / 4}));
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_sample_has_the_bits_that_count),
    SUITE_CASE(a_sample_is_one_between_whose_reads_little_time_passed),
    SUITE_CASE(two_samples_give_the_rate),
    SUITE_CASE(a_timer_that_may_have_wrapped_is_told),
};
const struct suite timer_suite = SUITE("timer", cases);
