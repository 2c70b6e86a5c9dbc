// SPDX-License-Identifier: MIT
// kernel: the early boot sequence, piece by piece. main.c puts the pieces in order; the test kernel
// (tests/metal) wakes up the same way and then runs the suites instead.
#ifndef BOOT_KERNEL_KERNEL_H
#define BOOT_KERNEL_KERNEL_H

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/timer.h"
#include "arch/x86_64/traps.h"
#include "boot/early_heap.h"
#include "boot/handoff.h"
#include "boot/kernel/acpi.h"
#include "boot/kernel/kernel_options.h"
#include "boot/kernel/console.h"
#include "boot/kernel/page_frames.h"
#include "boot/kernel/processor.h"
#include "boot/kernel/processors.h"

#include <stdbool.h>

struct kernel {
    struct console console;
    struct kernel_options options;
    const struct handoff *handoff; // NULL until it has been checked
    struct early_heap heap;
    struct paging paging; // the live tables

    // Traps before the early heap has given anything: static memory, no stacks of their own.
    struct descriptors first_descriptors;
    struct trap_gate first_gates[TRAPS_VECTORS];
    struct processor_area *area; // of the processor that booted
    struct trap_gate *gates;     // of all processors
    struct processors processors;
    struct traps_place boot_stack, boot_stack_guard, region_guards[2], given_away;

    uint64_t devices_end;     // offset in KERNEL_DEVICES up to which devices are mapped
    struct array_list ranges; // of struct memory_range, ascending: the memory map
    struct acpi acpi;
    struct power power;
    struct timer timer;
    struct timer_sample timer_start;
    struct page_frames page_frames; // the early heap's successor
};

// Where devices are mapped, beside the direct map of memory: a slot of the top table of its own.
#define KERNEL_DEVICES UINT64_C(0xfffffe0000000000)

// How a run ends. The code is what QEMU's exit device gets; QEMU then leaves with code × 2 + 1, so
// that no ending looks like the 0 of a triple fault.
enum kernel_verdict {
    KERNEL_COMPLETE = 0x10,
    KERNEL_OUT_OF_MEMORY = 0x11,
    KERNEL_PANIC = 0x12,
    KERNEL_TESTS_FAILED = 0x13,
};

// Console, traps, the check of the handoff, the command line, the tables, the early heap over the
// region, in this order. If anything is wrong, says what and ends as a panic. Once, at the entry.
void kernel_wake(struct kernel *kernel, const struct handoff *handoff);

// The steps of the early boot, each a customer of the early heap. They return false iff it
// refused them; whatever else is missing is said, and the boot goes on without. They may be run
// again after the heap was opened anew.
bool kernel_open_screen(struct kernel *kernel);       // the framebuffer, if there is one
bool kernel_set_up_interrupts(struct kernel *kernel); // descriptor tables, gates, their stacks
bool kernel_read_memory_map(struct kernel *kernel);   // sorted and merged, into `ranges`
bool kernel_read_acpi(struct kernel *kernel);         // tables, processors, power and timer
bool kernel_start_processors(struct kernel *kernel);  // each with tables and stacks of its own

// Maps the registers of a device, uncached; tables come from the early heap. NULL iff that refused,
// or nothing can lie there.
volatile void *kernel_map_device(struct kernel *kernel, physical_t registers, uint64_t size);

// Walks the live page tables and says whether a frame can be written through one mapping and
// executed through another. Ends as a panic if so.
void kernel_check_wx(struct kernel *kernel);

// Opens the early heap again over the largest range of conventional memory, as a measuring run.
// False iff no range is larger than the region.
bool kernel_open_substitute(struct kernel *kernel);

// Seals the early heap, unmaps what was free of it, and gives that and all usable memory to
// `frames`.
void kernel_seal(struct kernel *kernel);

// Says how long the boot took since the loader's first instruction. Waits up to a millisecond if
// there was too little time to learn the processor's clock.
void kernel_print_time(struct kernel *kernel);

// The final line, and out: through QEMU's exit device if the command line names one, else by
// powering off, else by halting.
_Noreturn void kernel_end(struct kernel *kernel, enum kernel_verdict verdict);

#endif
