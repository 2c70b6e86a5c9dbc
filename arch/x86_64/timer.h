// SPDX-License-Identifier: MIT
// timer: the ACPI power management timer, a counter of a known rate, by which the rate of the time
// stamp counter (TSC) is calibrated. A sample of both at two moments is enough.
#ifndef ARCH_X86_64_TIMER_H
#define ARCH_X86_64_TIMER_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stdint.h>

// ACPI 6.5, 4.8.3.3.
#define TIMER_HZ UINT64_C(3579545)

struct timer {
    struct device_io io;
    uint16_t port; // 0: there is none
    uint32_t mask; // the bits that count: 24 (wraps after 4.6 s) or 32 (after 1199 s)
};

// The two counters, read together.
struct timer_sample {
    uint64_t tsc;
    uint32_t count; // of the timer, masked
};

// The timer at a port, reached through `io`.
struct timer timer_at(struct device_io io, uint16_t port, bool is_32_bits);

// Reads the timer, masked. Only where there is one, as below. A microsecond or so.
uint32_t timer_read(const struct timer *timer);

// Reads both counters together: of three readings the one that took the least time, because an
// interrupt of the firmware (SMI), or the host of a virtual machine, may come in between.
struct timer_sample timer_sample(const struct timer *timer);

// No processor with a long mode counts its TSC slower, or faster.
#define TIMER_TSC_PER_US_MIN UINT64_C(100)
#define TIMER_TSC_PER_US_MAX UINT64_C(10000)

// Whether the timer may have wrapped between two samples, by the TSC, which does not. Pure.
bool timer_may_have_wrapped(const struct timer *timer, struct timer_sample earlier,
                            struct timer_sample later);

// TSC ticks in a microsecond, rounded to the nearest, from two samples of `timer`. The later must
// come before the timer has wrapped around to the earlier's count: see above. 0 iff the counters
// did not advance, or the rate is under half a tick. Pure.
uint64_t timer_calibrate(const struct timer *timer, struct timer_sample earlier,
                         struct timer_sample later);

#endif
