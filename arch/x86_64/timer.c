// SPDX-License-Identifier: MIT
// The ACPI power management timer, ACPI 6.5, 4.8.3.3, and the TSC's rate in integers.
#include "arch/x86_64/timer.h"

#include "arch/x86_64/cpu.h"

#define SAMPLE_TRIES 3
#define MICROSECONDS UINT64_C(1000000) // in a second

struct timer timer_at(struct device_io io, uint16_t port, bool is_32_bits)
{
    return (struct timer){
        .io = io,
        .port = port,
        .mask = is_32_bits ? UINT32_MAX : UINT32_MAX >> 8,
    };
}

uint32_t timer_read(const struct timer *timer)
{
    return timer->io.read(timer->io.context, timer->port, 4) & timer->mask;
}

struct timer_sample timer_sample(const struct timer *timer)
{
    struct timer_sample best = {0};
    uint64_t shortest = UINT64_MAX;

    for (int i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t tsc = cpu_rdtsc();
        uint32_t count = timer_read(timer);
        uint64_t took = cpu_rdtsc() - tsc;
        if (took < shortest) {
            best = (struct timer_sample){tsc, count};
            shortest = took;
        }
    }
    return best;
}

bool timer_may_have_wrapped(const struct timer *timer, struct timer_sample earlier,
                            struct timer_sample later)
{
    return later.tsc - earlier.tsc >=
           timer->mask * (TIMER_TSC_PER_US_MIN * MICROSECONDS / TIMER_HZ);
}

uint64_t timer_calibrate(const struct timer *timer, struct timer_sample earlier,
                         struct timer_sample later)
{
    uint64_t ticks = later.tsc - earlier.tsc;
    uint64_t counts = (later.count - earlier.count) & timer->mask;

    // Half of both is the same rate. The bound leaves room for the rounding below; where it
    // bites, 2^40 ticks are left, and a halving loses nothing that counts.
    while (ticks > UINT64_MAX / (2 * TIMER_HZ)) {
        ticks /= 2;
        counts /= 2;
    }
    if (counts == 0)
        return 0;
    // ticks / (counts / TIMER_HZ seconds) / MICROSECONDS; the divisor has at most 52 bits
    uint64_t divisor = counts * MICROSECONDS;
    return (ticks * TIMER_HZ + divisor / 2) / divisor;
}
