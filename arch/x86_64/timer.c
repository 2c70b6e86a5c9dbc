// SPDX-License-Identifier: MIT
// The ACPI power management timer, ACPI 6.5, 4.8.3.3, and the TSC's rate in integers.
#include "arch/x86_64/timer.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fadt.h"
#include "arch/x86_64/io.h"

#define MICROSECONDS UINT64_C(1000000) // in a second

bool timer_from_fadt(struct timer *timer, const void *fadt, size_t fadt_size)
{
    size_t length = fadt_table_length(fadt, fadt_size);
    uint64_t flags = fadt_read(fadt, length, FADT_FLAGS, 4);
    *timer = (struct timer){
        .port = fadt_port(fadt, length, FADT_PM_TIMER, FADT_X_PM_TIMER),
        .mask = (flags & FADT_TIMER_32_BITS) ? UINT32_MAX : UINT32_MAX >> 8,
    };
    return timer->port != 0;
}

struct timer_sample timer_sample(const struct timer *timer)
{
    uint32_t count = inl(timer->port) & timer->mask;
    return (struct timer_sample){.tsc = cpu_rdtsc(), .count = count};
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
