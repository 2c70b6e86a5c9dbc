// SPDX-License-Identifier: MIT
// The looks of wait.h.
#include "boot/kernel/wait.h"

#include "arch/x86_64/cpu.h"

// A look takes at least as long as a read of a port, and the timer ticks each 0.28 microseconds:
// one that has not moved in so many looks stands.
#define STANDING_LOOKS 100000

// A stretch of time. The timer wraps after seconds: each look at it adds what has passed since the
// one before.
struct wait {
    const struct timer *timer;
    uint32_t count;          // of the timer, at the last look
    uint64_t ticks, limit;   // of the timer: passed, and to pass
    uint32_t standing;       // looks since the timer last moved
    uint64_t tsc, tsc_limit; // of the time stamp counter: at the beginning, and how far it may go
};

static struct wait begin(const struct timer *timer, uint64_t microseconds)
{
    // Before the timer: the host of a virtual machine may have other work in between, during which
    // the timer goes on, and would seem to run too fast.
    uint64_t tsc = cpu_rdtsc();

    return (struct wait){
        .timer = timer,
        .count = timer_read(timer),
        .limit = microseconds * TIMER_HZ / 1000000,
        .tsc = tsc,
        .tsc_limit = microseconds * TIMER_TSC_PER_US_MAX,
    };
}

// Looks at the timer: whether the time has passed, or the timer stands still or creeps. Comes again
// before the timer wraps (4.6 s).
static bool is_over(struct wait *wait)
{
    uint32_t count = timer_read(wait->timer);
    uint32_t passed = (count - wait->count) & wait->timer->mask;

    wait->ticks += passed;
    wait->count = count;
    wait->standing = passed == 0 ? wait->standing + 1 : 0;
    cpu_pause();
    return wait->ticks >= wait->limit || wait->standing >= STANDING_LOOKS ||
           cpu_rdtsc() - wait->tsc >= wait->tsc_limit;
}

bool wait_for(const struct timer *timer, uint64_t microseconds)
{
    struct wait wait = begin(timer, microseconds);

    while (!is_over(&wait)) {
    }
    return cpu_rdtsc() - wait.tsc >= microseconds * TIMER_TSC_PER_US_MIN;
}

bool wait_for_flag(const struct timer *timer, const bool *flag, uint64_t microseconds)
{
    struct wait wait = begin(timer, microseconds);

    while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
        if (is_over(&wait))
            return false;
    return true;
}

bool wait_for_count(const struct timer *timer, const size_t *count, size_t wanted,
                    uint64_t microseconds)
{
    struct wait wait = begin(timer, microseconds);

    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted)
        if (is_over(&wait))
            return false;
    return true;
}
