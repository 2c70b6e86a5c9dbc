// SPDX-License-Identifier: MIT
// The early heap of early_heap.h.
#include "boot/early_heap.h"

#include "arch/x86_64/paging.h"
#include "arch/x86_64/string.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"

static struct report report_of(const struct early_heap *heap)
{
    return (struct report){
        .writer = heap->output.writer,
        .prefix = heap->output.prefix,
        .name = heap->memory.is_substitute ? "substitute for the early heap" : "early heap",
        .ledger = &heap->ledger,
        .requested = heap->adopted,
    };
}

// A boot may go on after a failure, and more may follow; the first one names the cause. What
// mends it is not known yet, so that only the event is told.
static void keep_first_failure(struct fba *fba, void *context)
{
    struct early_heap *heap = context;
    const struct report report = report_of(heap);

    if (heap->failure.reason != REPORT_NONE)
        return;
    report_keep(&heap->failure, &report, fba);
    writer_print(report.writer, "%s%s: %zu byte%s for %s: %s\n", report.prefix, report.name,
                 heap->failure.fba.failure.size, writer_plural(heap->failure.fba.failure.size),
                 heap->failure.tag ? heap->failure.tag : "a block",
                 report_reason_name(heap->failure.reason));
}

void early_heap_report_failure(const struct early_heap_output *output,
                               const struct report_record *failure, const char *setting)
{
    const struct report report = {
        .writer = output->writer, .prefix = output->prefix, .setting = setting};

    report_print_json(&report, failure);
    report_print(&report, failure);
}

// Sets everything but the fba, which is open. ledger_init() clears the entries: nothing is cleared
// twice.
static void decorate(struct early_heap *heap, const struct early_heap_memory *memory,
                     struct early_heap_output output, size_t adopted)
{
    heap->memory = *memory;
    heap->output = output;
    heap->adopted = adopted;
    heap->failure = (struct report_record){0};
    fba_set_failure_hook(&heap->fba, keep_first_failure, heap);
    failing_init(&heap->failing, fba_allocator(&heap->fba));
    ledger_init(&heap->ledger, failing_allocator(&heap->failing), heap->entries,
                EARLY_HEAP_LEDGER_ENTRIES);
    heap->fallback =
        (struct fallback){.first = &heap->fba, .front = ledger_allocator(&heap->ledger)};
    heap->allocator = fallback_allocator(&heap->fallback);
    heap->journal = (struct journal){.prefix = output.prefix, .tag = &heap->ledger.tag};
    if (!output.ledger)
        return;
    heap->journal.writer = output.writer;
    journal_open(&heap->journal, heap->fallback.front, heap->fba.base, fba_capacity(&heap->fba),
                 fba_used(&heap->fba));
    heap->fallback.front = journal_allocator(&heap->journal);
}

void early_heap_note(struct early_heap *heap, size_t bytes)
{
    if (bytes == 0)
        return;
    ledger_note(&heap->ledger, heap->fba.base + fba_used(&heap->fba) - bytes, bytes, FBA_CALLER);
    if (heap->journal.writer)
        journal_note(&heap->journal, bytes, fba_used(&heap->fba));
}

void early_heap_close_journal(struct early_heap *heap)
{
    if (!heap->journal.writer)
        return;
    journal_close(&heap->journal, fba_used(&heap->fba), fba_peak(&heap->fba));
    heap->journal.writer = NULL;
    heap->fallback.front = ledger_allocator(&heap->ledger);
}

enum fba_status early_heap_open(struct early_heap *heap, const struct early_heap_memory *memory,
                                struct early_heap_output output)
{
    enum fba_status status = fba_init(&heap->fba, memory->buffer, memory->size);

    if (status == FBA_OK)
        decorate(heap, memory, output, 0);
    return status;
}

enum fba_status early_heap_adopt(struct early_heap *heap, const struct early_heap_memory *memory,
                                 const struct handoff *handoff, struct early_heap_output output)
{
    struct fba_numbers numbers = handoff->heap;

    numbers.size = memory->size;
    numbers.high = memory->size; // no byte counts as zero: nothing has cleared this memory
    numbers.low = 0;
    enum fba_status status = fba_adopt(&heap->fba, memory->buffer, &numbers);
    if (status == FBA_OK)
        decorate(heap, memory, output, handoff->heap_requested);
    return status;
}

enum fba_status early_heap_export(const struct early_heap *heap, struct handoff *handoff)
{
    enum fba_status status = fba_export(&heap->fba, &handoff->heap);

    if (status == FBA_OK)
        handoff->heap_requested = heap->adopted + heap->ledger.requested;
    return status;
}

uint64_t early_heap_offset(const struct early_heap *heap, const void *block)
{
    return (uintptr_t)block - (uintptr_t)heap->memory.buffer;
}

bool early_heap_new_table(void *context, physical_t *table)
{
    struct early_heap *heap = context;
    void *page = allocator_alloc(&heap->allocator, PAGE_SIZE, PAGE_SIZE);

    if (!page)
        return false;
    memset(page, 0, PAGE_SIZE);
    *table = physical_add(heap->memory.physical, early_heap_offset(heap, page));
    return true;
}

void early_heap_report(const struct early_heap *heap)
{
    const struct report report = report_of(heap);

    report_account(&report, &heap->fba);
    report_holders(&report, EARLY_HEAP_LEDGER_ENTRIES);
}

uint64_t early_heap_needed(const struct handoff *handoff, uint64_t peak)
{
    uint64_t tables = paging_tables_needed(handoff->region_virtual, handoff->heap.size);

    // Each page more costs itself, and one page in 512 costs a table: the loop ends.
    for (uint64_t size = PAGE_SIZE;; size += PAGE_SIZE) {
        uint64_t fewer = tables - paging_tables_needed(handoff->region_virtual, size);
        if (peak <= size + fewer * PAGE_SIZE)
            return size;
    }
}
