// SPDX-License-Identifier: MIT
// What boot/kernel/boot_time.h promises, by this computer's TSC and a stub timer that is derived
// from it: so both clocks run, at a known ratio.
#include "arch/x86_64/cpu.h"
#include "boot/kernel/boot_time.h"
#include "tests/kernel/suites.h"

#include <stdlib.h>
#include <string.h>

#define RATIO UINT64_C(1024) // TSC ticks in one of the timer
#define TICKS_OF(microseconds) ((microseconds)*TIMER_HZ / 1000000 * RATIO)
#define SECONDS(number) ((number)*UINT64_C(1000000)) // in microseconds

static struct handoff handoff;
static struct kernel kernel;
static char said[256];
static struct writer_buffer said_buffer;

static uint32_t read_timer(void *context, uintptr_t address, unsigned width)
{
    (void)context;
    (void)address;
    (void)width;
    return (uint32_t)(cpu_rdtsc() / RATIO);
}

static uint32_t read_standing_timer(void *context, uintptr_t address, unsigned width)
{
    (void)context;
    (void)address;
    (void)width;
    return 7;
}

// As slow as a clock of seconds.
static uint32_t read_creeping_timer(void *context, uintptr_t address, unsigned width)
{
    (void)context;
    (void)address;
    (void)width;
    return (uint32_t)(cpu_rdtsc() / (RATIO * 1024));
}

// A machine whose loader began so long ago, and that has read its timer of 24 bits a millisecond
// later for the first time.
static void start(uint64_t microseconds, uint32_t (*read)(void *, uintptr_t, unsigned))
{
    const struct writer writer = writer_to_buffer(&said_buffer, said, sizeof said);
    const struct console_device device = {"test", 0, writer.write, writer.context};
    uint64_t began = cpu_rdtsc() - TICKS_OF(microseconds);
    uint64_t first = began + TICKS_OF(UINT64_C(1000));

    memset(&kernel, 0, sizeof kernel);
    handoff = (struct handoff){.loader_tsc = began};
    kernel.handoff = &handoff;
    console_init(&kernel.console);
    console_set(&kernel.console, &device);
    kernel.timer = timer_at((struct device_io){.read = read}, 0x608, false);
    kernel.timer_start =
        (struct timer_sample){.tsc = first, .count = (uint32_t)(first / RATIO) & kernel.timer.mask};
}

// The microseconds that are printed; 0 if there are none.
static uint64_t printed(void)
{
    boot_time_print(&kernel);
    const char *number = strstr(said, "final account: ");
    return number ? strtoull(number + strlen("final account: "), NULL, 10) : 0;
}

static void the_time_is_right_even_if_the_timer_has_wrapped(struct suite_run *run)
{
    static const uint64_t times[] = {2000, 100000, SECONDS(1), SECONDS(5), SECONDS(14)};

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        start(times[i], read_timer);
        uint64_t microseconds = printed();
        CHECK(run, microseconds >= times[i] - times[i] / 50);
        CHECK(run, microseconds <= times[i] + times[i] / 50 + 10000);
    }
}

static void what_is_not_known_is_not_printed(struct suite_run *run)
{
    start(SECONDS(1), read_standing_timer);
    CHECK_EQUAL(run, printed(), 0);
    CHECK(run, strstr(said, "unknown, the clocks do not advance"));
    start(SECONDS(1), read_timer);
    handoff.loader_tsc = UINT64_MAX; // later than now
    CHECK_EQUAL(run, printed(), 0);
    CHECK(run, strstr(said, "unknown, the clocks do not advance"));
    start(SECONDS(1), read_creeping_timer);
    CHECK_EQUAL(run, printed(), 0);
    CHECK(run, strstr(said, "unknown, the ACPI timer does not count as it should"));
    start(SECONDS(1), read_timer);
    kernel.timer.port = 0;
    CHECK_EQUAL(run, printed(), 0);
    CHECK(run, strstr(said, "unknown, this machine has no ACPI timer"));
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_time_is_right_even_if_the_timer_has_wrapped),
    SUITE_CASE(what_is_not_known_is_not_printed),
};
const struct suite boot_time_suite = SUITE("boot_time", cases);
