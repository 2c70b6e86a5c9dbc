// SPDX-License-Identifier: MIT
// wait: bounded waits, by the ACPI timer. A timer that stands ends them too, and so does the time
// stamp counter where the timer is slower than it should be.
#ifndef BOOT_KERNEL_WAIT_H
#define BOOT_KERNEL_WAIT_H

#include "arch/x86_64/timer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A stretch of time. The timer wraps after seconds: each look at it adds what has passed since the
// one before.
struct wait {
    const struct timer *timer;
    uint32_t count;          // of the timer, at the last look
    uint64_t ticks, limit;   // of the timer: passed, and to pass
    uint32_t standing;       // looks since the timer last moved
    uint64_t tsc, tsc_limit; // of the time stamp counter: at the beginning, and how far it may go
};

// Begins to wait. There must be a timer.
struct wait wait_begin(const struct timer *timer, uint64_t microseconds);

// Looks at the timer: whether the time has passed, or the timer stands still or creeps. Call it
// again before the timer wraps (4.6 s).
bool wait_is_over(struct wait *wait);

// Waits for so long. False iff that was too short, as the time stamp counter tells: the timer is
// faster than one can be.
bool wait_for(const struct timer *timer, uint64_t microseconds);

// Waits until another processor has set `flag`, or has counted up to `wanted`. False iff it has not
// in that time.
bool wait_for_flag(const struct timer *timer, const bool *flag, uint64_t microseconds);
bool wait_for_count(const struct timer *timer, const size_t *count, size_t wanted,
                    uint64_t microseconds);

#endif
