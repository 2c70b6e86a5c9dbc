// SPDX-License-Identifier: MIT
// The accounts of report.h.
#include "report.h"

#include "fba_account.h"
#include "fba_handoff.h"

#define PICTURE_COLUMNS 64
#define MOST_HOLDERS 8

static const char *meaning(enum fba_status status)
{
#define MEANING(status_, name, meaning) meaning,
    static const char *const meanings[] = {FBA_STATUSES(MEANING)};

    return meanings[status];
}

// Where the free bytes of an open fba begin and end, and of a sealed one those that were given
// away.
static struct fba_range free_range(const struct fba *fba)
{
    if (fba->state == FBA_STATE_SEALED)
        return (struct fba_range){fba->lower.bound + 1, fba->upper.bound};
    return (struct fba_range){fba->base + fba_used(fba), fba->end - fba_scratch_used(fba)};
}

// One cell of the picture covers [start, start + size) as offsets into the buffer.
static char picture_cell(const struct fba *fba, size_t start, size_t size)
{
    uintptr_t middle = fba->base + start + size / 2;
    struct fba_range free = free_range(fba);

    if (middle < fba->base + fba_used(fba))
        return '#';
    if (fba->state == FBA_STATE_SEALED)
        return middle >= free.start && middle < free.end ? '-' : '~';
    return middle < free.end ? '.' : 's';
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
    writer_print(report->writer, "] # permanent %s\n",
                 fba->state == FBA_STATE_SEALED ? "- given away ~ rounding" : ". free s scratch");
}

void report_holders(const struct report *report, size_t most)
{
    struct ledger_holder holders[MOST_HOLDERS];

    if (!report->ledger)
        return;
    size_t count = ledger_top(report->ledger, holders, most < MOST_HOLDERS ? most : MOST_HOLDERS);
    size_t others = report->ledger->requested - report->ledger->unrecorded_size;
    for (size_t i = 0; i < count; i++) {
        writer_print(report->writer, "%s  holder: %s, %zu bytes in %zu blocks, largest by %p\n",
                     report->prefix, holders[i].tag ? holders[i].tag : "(untagged)",
                     holders[i].size, holders[i].blocks, holders[i].caller);
        others -= holders[i].size;
    }
    if (others != 0)
        writer_print(report->writer, "%s  holder: (others), %zu bytes\n", report->prefix, others);
    if (report->ledger->unrecorded_size != 0)
        writer_print(report->writer, "%s  holder: (not recorded), %zu bytes in %zu blocks\n",
                     report->prefix, report->ledger->unrecorded_size,
                     report->ledger->unrecorded_blocks);
    if (report->requested != 0)
        writer_print(report->writer, "%s  holder: (before this ledger), %zu bytes\n",
                     report->prefix, report->requested);
}

void report_failure(const struct report *report, const struct fba *fba)
{
    static const char *const requests[] = {"", ", zeroed", ", scratch"};
    const struct fba_failure *failure = &fba->failure;
    const struct fba_explanation explanation = fba_explain(fba);
    const struct writer *writer = report->writer;
    const char *prefix = report->prefix;

    writer_print(writer, "%sout of memory: %s\n", prefix, report->name);
    writer_print(writer, "%s  asked: %zu bytes, alignment %zu%s, by %p", prefix, failure->size,
                 failure->align, requests[failure->request], failure->caller);
    if (report->ledger && report->ledger->tag)
        writer_print(writer, " (%s)", report->ledger->tag);
    writer_print(writer, "\n%s  reason: %s: %s\n", prefix, fba_status_name(explanation.reason),
                 meaning(explanation.reason));
    writer_print(writer, "%s  available: %zu bytes at this alignment\n", prefix,
                 explanation.available);
    writer_print(writer, "%s  missing: %zu bytes\n", prefix, explanation.shortfall);
    writer_print(writer, "%s  failures: %zu\n", prefix, failure->count);
    report_account(report, fba);
    report_holders(report, MOST_HOLDERS);
}

void report_account(const struct report *report, const struct fba *fba)
{
    const struct writer *writer = report->writer;
    const char *prefix = report->prefix;
    struct fba_range free = free_range(fba);
    size_t free_size = free.end - free.start;

    writer_print(writer, "%s  buffer: %s, %zu bytes at 0x%zx-0x%zx\n", prefix, report->name,
                 fba_capacity(fba), (size_t)fba->base, (size_t)fba->end);
    writer_print(writer, "%s  permanent: %zu\n", prefix, fba_used(fba));
    if (report->ledger)
        writer_print(writer, "%s  padding: %zu\n", prefix,
                     fba_used(fba) - report->ledger->requested - report->requested);
    if (fba->state == FBA_STATE_SEALED) {
        writer_print(writer, "%s  given away: %zu\n", prefix, free_size);
        writer_print(writer, "%s  rounding: %zu\n", prefix,
                     fba_capacity(fba) - fba_used(fba) - free_size);
    } else {
        writer_print(writer, "%s  scratch: %zu\n", prefix, fba_scratch_used(fba));
        writer_print(writer, "%s  free: %zu\n", prefix, free_size);
    }
    writer_print(writer, "%s  peak: %zu\n", prefix, fba_peak(fba));
    report_picture(report, fba, PICTURE_COLUMNS);
}
