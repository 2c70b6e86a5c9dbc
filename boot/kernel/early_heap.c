// SPDX-License-Identifier: MIT
// The early heap of early_heap.h.
#include "boot/kernel/early_heap.h"

#include "arch/x86_64/paging.h"
#include "kmem/fba_allocator.h"
#include "kmem/report.h"

static struct report report_of(const struct early_heap *heap)
{
    return (struct report){
        .writer = heap->writer,
        .prefix = "kernel: ",
        .name = heap->measuring ? "substitute for the early heap" : "early heap",
        .ledger = &heap->ledger,
        .requested = heap->unseen,
    };
}

// A boot goes on after its first refusal, so that others may follow; the first says it all.
static void note_refusal(struct fba *fba, void *context)
{
    struct early_heap *heap = context;
    const struct report report = report_of(heap);

    if (!heap->refused)
        report_failure(&report, fba);
    heap->refused = true;
}

enum fba_status early_heap_adopt(struct early_heap *heap, void *buffer, uint64_t size,
                                 const struct handoff *handoff, const struct writer *writer)
{
    struct fba_numbers numbers = handoff->heap;

    numbers.size = size;
    numbers.high = size; // nobody knows whether the region is zero: it was never cleared
    numbers.low = 0;
    *heap = (struct early_heap){
        .writer = writer,
        .unseen = handoff->heap_requested,
        .measuring = (uintptr_t)buffer != handoff->region_virtual,
    };
    enum fba_status status = fba_adopt(&heap->fba, buffer, &numbers);
    if (status != FBA_OK)
        return status;
    fba_set_failure_hook(&heap->fba, note_refusal, heap);
    failing_init(&heap->failing, fba_allocator(&heap->fba));
    ledger_init(&heap->ledger, failing_allocator(&heap->failing), heap->entries,
                EARLY_HEAP_LEDGER_ENTRIES);
    heap->allocator = ledger_allocator(&heap->ledger);
    return FBA_OK;
}

void early_heap_account(const struct early_heap *heap)
{
    const struct report report = report_of(heap);

    report_account(&report, &heap->fba);
    report_holders(&report, EARLY_HEAP_LEDGER_ENTRIES);
}

uint64_t early_heap_needed(const struct handoff *handoff, uint64_t peak)
{
    uint64_t tables = paging_tables_needed(handoff->region_virtual, handoff->heap.size);

    // Each further page costs itself, and one page in 512 costs a table: it converges.
    for (uint64_t size = PAGING_4K;; size += PAGING_4K) {
        uint64_t fewer = tables - paging_tables_needed(handoff->region_virtual, size);
        if (peak <= size + fewer * PAGING_4K)
            return size;
    }
}
