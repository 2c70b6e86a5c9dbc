// SPDX-License-Identifier: MIT
// The measurement of boot_time.h: the TSC counts from the loader on, the ACPI timer gives its rate.
#include "boot/kernel/boot_time.h"

#include "arch/x86_64/cpu.h"
#include "boot/kernel/wait.h"

// In less time the ratio of the clocks is too coarse.
#define CALIBRATION_US_MIN 1000
#define CALIBRATION_TICKS_MIN (TIMER_HZ * CALIBRATION_US_MIN / 1000000)

#define PREFIX "kernel: time from loader entry to final account: "

static bool is_coarse(const struct timer *timer, struct timer_sample start, struct timer_sample now)
{
    return ((now.count - start.count) & timer->mask) < CALIBRATION_TICKS_MIN;
}

// Two samples that the timer has not wrapped between, where that can be had: since `start`, or in a
// stretch of its own.
static void take_samples(const struct timer *timer, struct timer_sample *start,
                         struct timer_sample *now)
{
    *now = timer_sample(timer);
    if (timer_may_have_wrapped(timer, *start, *now))
        *start = *now;
    if (is_coarse(timer, *start, *now)) {
        wait_for(timer, CALIBRATION_US_MIN);
        *now = timer_sample(timer);
    }
}

void boot_time_print(const struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct timer *timer = &kernel->timer;
    struct timer_sample start = kernel->timer_start;
    struct timer_sample now;

    if (timer->port == 0) {
        writer_print(writer, PREFIX "unknown, this machine has no ACPI timer\n");
        return;
    }
    uint64_t tsc = cpu_rdtsc();
    take_samples(timer, &start, &now);
    uint64_t per_microsecond = timer_calibrate(timer, start, now);
    if (per_microsecond == 0 || tsc < kernel->handoff->loader_tsc)
        writer_print(writer, PREFIX "unknown, the clocks do not advance\n");
    else if (per_microsecond < TIMER_TSC_PER_US_MIN || per_microsecond > TIMER_TSC_PER_US_MAX)
        writer_print(writer, PREFIX "unknown, the ACPI timer does not count as it should\n");
    else if (timer_may_have_wrapped(timer, start, now))
        writer_print(writer, PREFIX "unknown, the ACPI timer may have wrapped\n");
    else
        writer_print(writer, PREFIX "%llu us\n",
                     (unsigned long long)((tsc - kernel->handoff->loader_tsc) / per_microsecond));
}
