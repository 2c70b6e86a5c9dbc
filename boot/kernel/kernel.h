// SPDX-License-Identifier: MIT
// kernel: what the boot steps share, and how a run ends. What only one step needs, or makes for a
// later one, stands with that step: boot/kernel/steps.
#ifndef BOOT_KERNEL_KERNEL_H
#define BOOT_KERNEL_KERNEL_H

#include "arch/x86_64/paging.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/timer.h"
#include "boot/early_heap.h"
#include "boot/handoff.h"
#include "boot/console/console.h"
#include "boot/console/console_log.h"
#include "boot/kernel/device_map.h"
#include "boot/kernel/kernel_options.h"
#include "boot/kernel/page_frames.h"

struct kernel {
    struct console console;
    struct console_log log; // until there is a serial port
    struct kernel_options options;
    const struct handoff *handoff; // NULL until it has been checked
    struct early_heap heap;
    struct report_record failure; // what made a measuring run necessary; all-zero: none
    uint64_t needed;              // KiB of the early heap that this boot needs; 0: not known
    uint64_t given_up;            // bytes of it that a degraded boot did without
    const char *left_out;         // the first step that got no memory and was left out; NULL: none
    struct page_frames page_frames; // the early heap's successor; empty before the seal
    struct paging paging;           // the live page tables
    struct device_map devices;
    struct device_io ports; // of this machine
    struct power power;     // all zero until the step acpi has read how to power off
    struct timer timer;     // all zero until that step has found one
    struct timer_sample timer_start;
};

// How a run ends. The code is what QEMU's exit device gets; QEMU then exits with code × 2 + 1, so
// that no ending looks like the 0 of a triple fault.
enum kernel_verdict {
    KERNEL_COMPLETE = 0x10,
    KERNEL_OUT_OF_MEMORY = 0x11,
    KERNEL_PANIC = 0x12,
    KERNEL_TESTS_FAILED = 0x13,
};

// Reports the first failure of the early heap if there was one, prints the final line and ends the
// machine: through QEMU's exit device if the command line names one, else by powering off, else by
// halting.
_Noreturn void kernel_end(struct kernel *kernel, enum kernel_verdict verdict);

#endif
