// SPDX-License-Identifier: MIT
// early_heap: the allocator of the early boot, a bump allocator (kmem/fba.h) over the one region
// that the linker script reserves. The loader opens it, the kernel adopts it and goes on where the
// loader stopped. Around the fba stand a ledger of who holds what, fault injection, and a record
// of the first failure, to be reported; page tables come from it too.
#ifndef BOOT_EARLY_HEAP_H
#define BOOT_EARLY_HEAP_H

#include "arch/x86_64/address.h"
#include "boot/handoff.h"
#include "kmem/allocator.h"
#include "kmem/failing.h"
#include "kmem/fallback.h"
#include "kmem/fba.h"
#include "kmem/journal.h"
#include "kmem/ledger.h"
#include "kmem/report.h"
#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EARLY_HEAP_LEDGER_ENTRIES 96

// The memory of an early heap: one contiguous piece, physical and virtual.
struct early_heap_memory {
    void *buffer;        // its address for the code that allocates
    physical_t physical; // the same byte, as page tables name it
    uint64_t size;       // bytes
    // Not the region as it was linked but a larger piece of memory in its place: a measuring run,
    // which finds out how large the region must be and then stops.
    bool is_substitute;
};

// Where an early heap reports to.
struct early_heap_output {
    const struct writer *writer;
    const char *prefix; // of each line: who speaks
    bool ledger;        // also every call, a line each: kmem/journal.h
};

// Decorators, each over the one below it. Further ones go in at the top, where they stay over the
// page allocator too, or right over the fba, before the first allocation (boot/README.md).
//
//     allocator        what the boot allocates through
//     fallback         the heap alone, until the seal makes the page allocator its `second`
//     journal          if the output asks for it, until it is closed
//     ledger
//     failing.inner    the fba, or what is put over it
struct early_heap {
    struct allocator allocator;
    struct fba fba;
    struct fallback fallback;
    struct failing failing; // fault injection; does nothing unless `fail_alloc` is set
    struct ledger ledger;   // its `tag` says which step allocates
    struct ledger_entry entries[EARLY_HEAP_LEDGER_ENTRIES];
    struct journal journal; // its writer is NULL if it is not open
    struct early_heap_memory memory;
    struct early_heap_output output;
    size_t adopted;               // bytes that the loader's blocks asked for
    struct report_record failure; // the first since the heap was opened; all-zero: none
};

// Opens an empty early heap over `memory`, which need not be zero. `heap` must not move afterwards.
// Fails as fba_init() does; nothing may be allocated then.
enum fba_status early_heap_open(struct early_heap *heap, const struct early_heap_memory *memory,
                                struct early_heap_output output);

// Opens the early heap with the blocks that the loader left, as the handoff describes them: they
// stay for good. A substitute keeps heap.used bytes free for them at its start and never writes
// there. `heap` must not move afterwards.
// Fails as fba_adopt() does; nothing may be allocated then.
enum fba_status early_heap_adopt(struct early_heap *heap, const struct early_heap_memory *memory,
                                 const struct handoff *handoff, struct early_heap_output output);

// Writes the state of the heap to the handoff, for the kernel to adopt: its members `heap` and
// `heap_requested`. After the last allocation.
// Fails as fba_export() does; the handoff is then unchanged.
enum fba_status early_heap_export(const struct early_heap *heap, struct handoff *handoff);

// Bytes from the start of the heap's memory to `block`, which lies in it: what a handoff_span
// counts. Constant time.
uint64_t early_heap_offset(const struct early_heap *heap, const void *block);

// Supplies a zeroed page for a page table: `new_table` of struct paging, whose `context` is the
// early heap. Returns false iff the heap has no page left.
bool early_heap_new_table(void *heap, physical_t *table);

// Takes note of the last `bytes` of the fba, which were allocated past the ledger: in shared mode.
FBA_CALLED void early_heap_note(struct early_heap *heap, size_t bytes);

// Writes the last line of the journal, if one is open. Later calls are not written down.
void early_heap_close_journal(struct early_heap *heap);

// Reports a failure of an early heap, in at most 24 lines and one line of JSON. `setting` is what
// makes that request succeed, as it is typed; NULL: not known.
void early_heap_report_failure(const struct early_heap_output *output,
                               const struct report_record *failure, const char *setting);

// Reports where every byte of the heap is and who holds the most. Works after the seal too.
void early_heap_report(const struct early_heap *heap);

// The smallest region, in bytes, with which a boot that took `peak` bytes would have succeeded: a
// whole number of pages. It differs from the peak because the loader maps the region in 4 KiB
// pages, so that a smaller region takes fewer page tables. O(pages of the region).
uint64_t early_heap_needed(const struct handoff *handoff, uint64_t peak);

#endif
