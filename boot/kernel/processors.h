// SPDX-License-Identifier: MIT
// processors: starts the application processors (APs) and gives them work. Each begins in a page
// below 1 MiB, has its first stack from the bootstrap processor (BSP), and then takes its per-CPU
// area from the early heap, all of them at the same time, in shared mode. Afterwards they sleep
// until an inter-processor interrupt (IPI) wakes them for a piece of work.
#ifndef BOOT_KERNEL_PROCESSORS_H
#define BOOT_KERNEL_PROCESSORS_H

#include "arch/x86_64/apic.h"
#include "arch/x86_64/timer.h"
#include "boot/kernel/processor.h"
#include "kmem/array_list.h"
#include "kmem/fba.h"
#include "kmem/fba_shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct processors;
struct processor;

// A piece of work, done by each AP.
typedef void processors_work_function(void *context, struct processor *processor);

// An AP.
struct processor {
    uint32_t apic_id;
    struct processors *all;
    struct descriptors first_descriptors; // until it has an area
    struct processor_stack first_stack;
    struct processor_area *area; // NULL: it has none, or the heap had no room
    bool arrived;                // it reached the kernel
};

struct processors {
    struct apic apic;
    struct paging *paging;                // the tables that all of them run on
    const struct timer *timer;            // bounds the waits
    struct fba *heap;                     // the early heap...
    struct fba_shared shared;             // ...while all of them take their areas from it
    const struct traps_gate *first_gates; // on the current stack
    const struct traps_gate *gates;       // on interrupt stacks
    struct processor *others;             // in the order in which they arrived
    size_t count;                         // of others
    size_t arrived;                       // of those, how many were started: the first
    // One piece of work at a time, for all that have arrived.
    processors_work_function *work;
    void *work_context;
    size_t waiting;  // how many are at the barrier
    bool open;       // the barrier
    size_t finished; // how many have done the work
};

enum processors_status {
    PROCESSORS_OK,
    PROCESSORS_NO_MEMORY,  // an allocation from the early heap failed
    PROCESSORS_NOT_MAPPED, // the trampoline cannot be mapped
    PROCESSORS_UNGUARDED,  // a guard page cannot be unmapped
    PROCESSORS_STUCK,      // some did not finish their work in time
};

// Bytes below 1 MiB that processors_start() needs.
#define PROCESSORS_LOW_SIZE (5 * PAGE_SIZE)

// Bytes that processors_start() takes for so many from a heap that ends with a whole page, beside
// the padding in front of the first of its pages: a list, then whole pages.
size_t processors_size(size_t count);

// Starts `count` processors with the ids at `ids`. `low` is free physical memory below 1 MiB of
// PROCESSORS_LOW_SIZE bytes, written through the direct map, and free again afterwards. First
// stacks come from `allocator`, everything else, for all processors at once, from `heap` in shared
// mode. A processor that does not come in time is left out. `guarded`: unmap the
// guard pages; only where the heap is mapped in small pages. The caller has set apic, which is on,
// paging, timer, heap and both gates. May be called again, which starts all of them anew; one call
// at a time. Takes some 10 ms, and a fraction of a millisecond for each processor; 2 s more if some
// do not come, and 10 ms for each of them.
enum processors_status processors_start(struct processors *processors, const uint32_t *ids,
                                        size_t count, physical_t low,
                                        const struct allocator *allocator, bool guarded);

// The processor with this id; NULL iff it was not started.
struct processor *processors_find(const struct processors *processors, uint32_t apic_id);

// Makes every processor that has arrived do `work`, all at the same time from behind a barrier,
// and waits for them. False iff not all finished within half a minute: what they share is then
// still in use and must not be touched again.
bool processors_work(struct processors *processors, processors_work_function *work, void *context);

// TLB shootdown: makes every processor that has arrived flush its TLB. False as above.
bool processors_flush_tlbs(struct processors *processors);

// Bytes that the processors took in shared mode, which no ledger has recorded.
size_t processors_requested(const struct processors *processors);

// What a status means, in a few words.
const char *processors_status_name(enum processors_status status);

#endif
