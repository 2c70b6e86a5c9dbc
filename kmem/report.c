// SPDX-License-Identifier: MIT
// The accounts of report.h.
#include "kmem/report.h"

#define PICTURE_COLUMNS 64
#define MOST_HOLDERS 8

static const char *explain(enum fba_status reason)
{
    switch (reason) {
    case FBA_EXHAUSTED:
        return "exhausted: it would fit if the buffer were emptier";
    case FBA_TOO_LARGE:
        return "too large: it would not fit even if the buffer were empty";
    case FBA_BAD_ALIGNMENT:
        return "bad alignment: 0 or not a power of two";
    case FBA_SEALED:
        return "sealed: the early heap was handed over, ask its successor";
    case FBA_NOT_READY:
        return "not ready: the allocator was never opened";
    default:
        return fba_status_name(reason);
    }
}

static size_t free_bytes(const struct fba *fba)
{
    return fba_capacity(fba) - fba_used(fba) - fba_scratch_used(fba) - fba_reserved(fba);
}

// One cell of the picture covers [start, start + size) as offsets into the buffer.
static char picture_cell(const struct fba *fba, size_t start, size_t size)
{
    size_t middle = start + size / 2;
    size_t used = fba_used(fba);
    size_t reserve = fba_capacity(fba) - fba_reserved(fba);

    if (middle < used)
        return '#';
    if (middle >= reserve)
        return 'R';
    return middle >= reserve - fba_scratch_used(fba) ? 's' : '.';
}

void report_picture(const struct report *report, const struct fba *fba, size_t columns)
{
    size_t capacity = fba_capacity(fba);

    writer_print(report->writer, "%s  [", report->prefix);
    for (size_t i = 0; i < columns && capacity != 0; i++) {
        // Dividing first loses less than a column and cannot overflow.
        size_t start = capacity / columns * i + capacity % columns * i / columns;
        writer_print(report->writer, "%c", picture_cell(fba, start, capacity / columns));
    }
    writer_print(report->writer, "] # permanent . free s scratch R reserve\n");
}

void report_holders(const struct report *report, size_t most)
{
    struct ledger_holder holders[MOST_HOLDERS];

    if (!report->ledger)
        return;
    size_t count = ledger_top(report->ledger, holders, most < MOST_HOLDERS ? most : MOST_HOLDERS);
    for (size_t i = 0; i < count; i++)
        writer_print(report->writer, "%s  holder: %s, %zu bytes in %zu blocks, largest by %p\n",
                     report->prefix, holders[i].tag ? holders[i].tag : "(untagged)",
                     holders[i].size, holders[i].blocks, holders[i].caller);
}

void report_failure(const struct report *report, const struct fba *fba)
{
    const struct fba_failure *failure = &fba->failure;
    const struct writer *writer = report->writer;
    const char *prefix = report->prefix;

    writer_print(writer, "%sout of memory: %s\n", prefix, report->name);
    writer_print(writer, "%s  asked: %zu bytes, alignment %zu, by %p", prefix, failure->size,
                 failure->align, failure->caller);
    if (report->ledger && report->ledger->tag)
        writer_print(writer, " (%s)", report->ledger->tag);
    writer_print(writer, "\n%s  reason: %s\n", prefix, explain(failure->reason));
    writer_print(writer, "%s  available: %zu bytes at this alignment\n", prefix,
                 failure->available);
    writer_print(writer, "%s  missing: %zu bytes\n", prefix, failure->shortfall);
    writer_print(writer, "%s  refusals: %zu\n", prefix, failure->count);
    report_account(report, fba);
    report_holders(report, MOST_HOLDERS);
}

void report_account(const struct report *report, const struct fba *fba)
{
    const struct writer *writer = report->writer;
    const char *prefix = report->prefix;

    writer_print(writer, "%s  buffer: %s, %zu bytes at 0x%zx-0x%zx\n", prefix, report->name,
                 fba_capacity(fba), (size_t)fba->base, (size_t)fba->end);
    writer_print(writer, "%s  permanent: %zu\n", prefix, fba_used(fba));
    if (report->ledger)
        writer_print(writer, "%s  padding: %zu\n", prefix,
                     fba_used(fba) - report->ledger->requested - report->requested);
    writer_print(writer, "%s  scratch: %zu\n", prefix, fba_scratch_used(fba));
    writer_print(writer, "%s  reserve: %zu\n", prefix, fba_reserved(fba));
    writer_print(writer, "%s  free: %zu\n", prefix, free_bytes(fba));
    writer_print(writer, "%s  peak: %zu\n", prefix, fba_peak(fba));
    report_picture(report, fba, PICTURE_COLUMNS);
}
