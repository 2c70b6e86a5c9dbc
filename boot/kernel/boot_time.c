// SPDX-License-Identifier: MIT
// The measurement of boot_time.h: the TSC counts from the loader on, the ACPI timer gives its rate.
#include "boot/kernel/boot_time.h"

#include "arch/x86_64/cpu.h"
#include "boot/kernel/wait.h"

// In less time the ratio of the clocks is too coarse.
#define CALIBRATION_US_MIN 1000
#define CALIBRATION_TICKS_MIN (TIMER_HZ * CALIBRATION_US_MIN / 1000000)

#define PREFIX "kernel: time from loader entry to final account: "

void boot_time_print(const struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct timer *timer = &kernel->timer;

    if (timer->port == 0) {
        writer_print(writer, PREFIX "unknown, this machine has no ACPI timer\n");
        return;
    }
    uint64_t taken = cpu_rdtsc() - kernel->handoff->loader_tsc;
    struct timer_sample now = timer_sample(timer);
    if (((now.count - kernel->timer_start.count) & timer->mask) < CALIBRATION_TICKS_MIN) {
        wait_for(timer, CALIBRATION_US_MIN);
        now = timer_sample(timer);
    }
    uint64_t per_microsecond = timer_calibrate(timer, kernel->timer_start, now);
    if (per_microsecond == 0)
        writer_print(writer, PREFIX "unknown, the clocks do not advance\n");
    else
        writer_print(writer, PREFIX "%llu us\n", (unsigned long long)(taken / per_microsecond));
}
