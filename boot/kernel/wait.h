// SPDX-License-Identifier: MIT
// wait: bounded waits, by the ACPI timer. A timer that stands ends them too, and so does the time
// stamp counter where the timer is slower than it should be. There must be a timer.
#ifndef BOOT_KERNEL_WAIT_H
#define BOOT_KERNEL_WAIT_H

#include "arch/x86_64/timer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Waits for so long. False iff that was too short, as the time stamp counter tells: the timer is
// faster than one can be.
bool wait_for(const struct timer *timer, uint64_t microseconds);

// Waits until another processor has set `flag`, or has counted up to `wanted`. False iff it has not
// in that time.
bool wait_for_flag(const struct timer *timer, const bool *flag, uint64_t microseconds);
bool wait_for_count(const struct timer *timer, const size_t *count, size_t wanted,
                    uint64_t microseconds);

#endif
