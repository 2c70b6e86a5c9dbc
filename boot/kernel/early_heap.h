// SPDX-License-Identifier: MIT
// early_heap: the kernel's side of the one region. It goes on with the allocator that the loader
// began, writes down who takes what, and, when it runs out, says so once and in full.
#ifndef BOOT_KERNEL_EARLY_HEAP_H
#define BOOT_KERNEL_EARLY_HEAP_H

#include "boot/handoff.h"
#include "kmem/allocator.h"
#include "kmem/failing.h"
#include "kmem/fba_handoff.h"
#include "kmem/ledger.h"
#include "kmem/writer.h"

#include <stdbool.h>

#define EARLY_HEAP_LEDGER_ENTRIES 96

struct early_heap {
    struct allocator allocator; // what the boot allocates through: ledger, failing, fba
    struct fba fba;
    struct failing failing; // refuses one allocation on purpose, if it is told to
    struct ledger ledger;
    struct ledger_entry entries[EARLY_HEAP_LEDGER_ENTRIES];
    const struct writer *writer;
    size_t unseen;  // bytes asked for past the ledger: by the loader, and in shared mode
    bool measuring; // not the region but a substitute: to learn the total, then to stop
    bool refused;   // something was refused since it was opened
};

// Adopts what the loader left, as the handoff tells, at `buffer`: the region at the kernel's
// address, or, in a measuring run, a substitute of `size` bytes whose first heap.used bytes stand
// for the loader's and are never touched. `heap` must stay where it is.
// Fails as fba_adopt() does.
enum fba_status early_heap_adopt(struct early_heap *heap, void *buffer, uint64_t size,
                                 const struct handoff *handoff, const struct writer *writer);

// Where every byte is, on the writer.
void early_heap_account(const struct early_heap *heap);

// The smallest region, in bytes, with which the boot that took `peak` bytes of a region (or
// substitute) would have succeeded. A whole number of pages. It differs from the peak because the
// loader maps the region in small pages, so that a smaller region takes fewer tables.
uint64_t early_heap_needed(const struct handoff *handoff, uint64_t peak);

#endif
