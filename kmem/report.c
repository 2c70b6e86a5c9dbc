// SPDX-License-Identifier: MIT
// The accounts of report.h.
#include "report.h"

#include "fba_account.h"
#include "fba_handoff.h"

#define PICTURE_COLUMNS 64
#define MOST_HOLDERS 8

static const char *prefix_of(const struct report *report)
{
    return report->prefix ? report->prefix : "";
}

static const char *name_of(const char *name)
{
    return name ? name : "(unnamed)";
}

// Where the free bytes of an open fba begin and end, and of a sealed one those that were given
// away.
static struct fba_range free_range(const struct fba *fba)
{
    if (fba->state == FBA_STATE_SEALED)
        return (struct fba_range){fba->lower.bound + 1, fba->upper.bound};
    return (struct fba_range){fba->base + fba_used(fba), fba->end - fba_scratch_used(fba)};
}

// What came with fba_adopt() and stays for good.
static size_t adopted_size(const struct fba *fba)
{
    return fba->base == 0 ? 0 : fba->adopted + 1 - fba->base;
}

// What is permanent and was not asked for. Below the ledger may be more than this buffer, as with a
// fallback: runs elsewhere are not in it, and blocks without a place count as if they were.
static size_t padding_of(const struct report *report, const struct fba *fba)
{
    const struct ledger *ledger = report->ledger;
    size_t held = report->requested + ledger->requested;

    for (size_t i = 0; i < ledger->capacity; i++) {
        const struct ledger_entry *entry = &ledger->entries[i];
        if (entry->blocks != 0 && entry->end != 0 &&
            (entry->start < fba->base || entry->start >= fba->end))
            held -= entry->size;
    }
    return held < fba_used(fba) ? fba_used(fba) - held : 0;
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

// value / by, without a division, which is a function of the compiler's library on some processors.
static size_t divide(size_t value, size_t by)
{
    size_t quotient = 0;

    for (unsigned bit = sizeof value * 8; bit-- > 0;) {
        if (value >> bit < by)
            continue;
        value -= by << bit;
        quotient += (size_t)1 << bit;
    }
    return quotient;
}

static void print_cells(const struct report *report, const struct fba *fba, size_t columns)
{
    size_t capacity = fba_capacity(fba);
    size_t width = divide(capacity, columns), rest = capacity - width * columns;
    size_t start = 0, parts = 0; // of a byte, of which `columns` are one

    writer_print(report->writer, "%s  [", prefix_of(report));
    for (size_t i = 0; i < columns && capacity != 0; i++) {
        writer_print(report->writer, "%c", picture_cell(fba, start, width));
        start += width;
        parts += rest;
        if (parts >= columns) {
            parts -= columns;
            start++;
        }
    }
    writer_print(report->writer, "]");
}

void report_picture(const struct report *report, const struct fba *fba, size_t columns)
{
    print_cells(report, fba, columns);
    writer_print(report->writer, " # permanent %s\n",
                 fba->state == FBA_STATE_SEALED ? "- given away ~ rounding" : ". free s scratch");
}

// What the holders' lines leave out, and what they have too much.
static void print_remainder(const struct report *report, size_t others,
                            struct ledger_count unrecorded, struct ledger_count returned,
                            size_t before)
{
    const struct writer *writer = report->writer;
    const char *prefix = prefix_of(report);

    if (others != 0)
        writer_print(writer, "%s  holder: (others), %zu bytes\n", prefix, others);
    if (unrecorded.size != 0)
        writer_print(writer, "%s  holder: (not recorded), %zu byte%s in %zu block%s\n", prefix,
                     unrecorded.size, writer_plural(unrecorded.size), unrecorded.blocks,
                     writer_plural(unrecorded.blocks));
    if (returned.size != 0)
        writer_print(writer, "%s  of these since given back: %zu byte%s in %zu block%s\n", prefix,
                     returned.size, writer_plural(returned.size), returned.blocks,
                     writer_plural(returned.blocks));
    if (before != 0)
        writer_print(writer, "%s  holder: (before this ledger), %zu bytes\n", prefix, before);
}

void report_holders(const struct report *report, size_t most)
{
    struct ledger_holder holders[MOST_HOLDERS];
    const struct ledger *ledger = report->ledger;

    if (!ledger)
        return;
    const struct ledger_count unrecorded = ledger_unrecorded(ledger),
                              returned = ledger_returned(ledger);
    size_t count = ledger_top(ledger, holders, most < MOST_HOLDERS ? most : MOST_HOLDERS);
    size_t others = ledger->requested + returned.size - unrecorded.size;
    for (size_t i = 0; i < count; i++) {
        writer_print(report->writer, "%s  holder: %s, %zu byte%s in %zu block%s, largest by %p\n",
                     prefix_of(report), holders[i].tag ? holders[i].tag : "(untagged)",
                     holders[i].size, writer_plural(holders[i].size), holders[i].blocks,
                     writer_plural(holders[i].blocks), holders[i].caller);
        others -= holders[i].size;
    }
    print_remainder(report, others, unrecorded, returned, report->requested);
}

// ── A failure ───────────────────────────────────────────────────────────────────────────────────

const char *report_reason_name(enum report_reason reason)
{
    static const char *const names[] = {
        [REPORT_NONE] = "none",
        [REPORT_EXHAUSTED] = "exhausted",
        [REPORT_RESERVED] = "only the reserve is left",
        [REPORT_TOO_LARGE] = "too large",
        [REPORT_OVERFLOW] = "size overflow",
        [REPORT_BAD_ALIGNMENT] = "bad alignment",
        [REPORT_NOT_READY] = "not ready",
        [REPORT_SEALED] = "sealed",
        [REPORT_BUDGET] = "budget exceeded",
    };

    return names[reason];
}

static enum report_reason reason_of(const struct report *report, const struct fba *fba,
                                    const struct fba_explanation *explanation)
{
    const struct fba_failure *failure = &fba->failure;
    const struct fba *reserve = report->reserve;

    switch (explanation->reason) {
    case FBA_OK:
        return REPORT_NONE;
    case FBA_NOT_READY:
        return REPORT_NOT_READY;
    case FBA_SEALED:
        return REPORT_SEALED;
    case FBA_BAD_ALIGNMENT:
        return REPORT_BAD_ALIGNMENT;
    case FBA_TOO_LARGE:
        return failure->size == SIZE_MAX ? REPORT_OVERFLOW : REPORT_TOO_LARGE;
    default:
        return reserve && failure->size <= fba_available(reserve, failure->align)
                   ? REPORT_RESERVED
                   : REPORT_EXHAUSTED;
    }
}

static void keep_holders(struct report_record *record, const struct report *report)
{
    const struct ledger *ledger = report->ledger;

    record->name = report->name;
    record->before = report->requested;
    if (!ledger)
        return;
    record->has_ledger = true;
    record->tag = ledger->tag;
    record->holder_count = ledger_top(ledger, record->holders, REPORT_HOLDERS);
    record->unrecorded = ledger_unrecorded(ledger);
    record->returned = ledger_returned(ledger);
    record->others = ledger->requested + record->returned.size - record->unrecorded.size;
    for (size_t i = 0; i < record->holder_count; i++)
        record->others -= record->holders[i].size;
}

void report_keep(struct report_record *record, const struct report *report, const struct fba *fba)
{
    const struct fba_explanation explanation = fba_explain(fba);

    *record = (struct report_record){
        .reason = reason_of(report, fba, &explanation),
        .fba = *fba,
        .available = explanation.available,
        .missing = explanation.shortfall,
        .most = fba_room_(fba->adopted, fba->end, fba->failure.align),
    };
    if (record->reason == REPORT_OVERFLOW)
        record->missing = SIZE_MAX;
    keep_holders(record, report);
    if (report->ledger)
        record->padding = padding_of(report, fba);
}

void report_keep_budget(struct report_record *record, const struct report *report,
                        const struct limit *limit)
{
    size_t left = limit->budget - limit->used;
    bool is_size = limit->failed_size != SIZE_MAX;

    *record = (struct report_record){
        .reason = limit->failures == 0 ? REPORT_NONE
                  : is_size            ? REPORT_BUDGET
                                       : REPORT_OVERFLOW,
        .fba.failure = {.count = limit->failures,
                        .size = limit->failed_size,
                        .align = limit->failed_align,
                        .caller = limit->failed_caller},
        .available = left,
        .missing = !is_size                    ? SIZE_MAX
                   : limit->failed_size > left ? limit->failed_size - left
                                               : 0,
        .budget = limit->budget,
        .budget_used = limit->used,
    };
    keep_holders(record, report);
}

static void print_request(const struct report *report, const struct report_record *record)
{
    static const char *const requests[] = {"", ", zeroed", ", scratch"};
    const struct fba_failure *failure = &record->fba.failure;

    if (record->reason == REPORT_OVERFLOW)
        writer_print(report->writer, "%s  asked: more bytes than can be counted, alignment %zu",
                     prefix_of(report), failure->align);
    else
        writer_print(report->writer, "%s  asked: %zu byte%s, alignment %zu", prefix_of(report),
                     failure->size, writer_plural(failure->size), failure->align);
    writer_print(report->writer, "%s", requests[failure->request]);
    if (record->tag)
        writer_print(report->writer, ", for %s", record->tag);
    writer_print(report->writer, "\n%s  asked by %p\n", prefix_of(report), failure->caller);
}

static void print_reason(const struct report *report, const struct report_record *record)
{
    const struct writer *writer = report->writer;
    const struct fba *fba = &record->fba;

    writer_print(writer, "%s  reason: %s", prefix_of(report), report_reason_name(record->reason));
    switch (record->reason) {
    case REPORT_EXHAUSTED:
        writer_print(writer, ": it would fit if the buffer were emptier");
        break;
    case REPORT_RESERVED:
        writer_print(writer, ": room enough, but kept back");
        break;
    case REPORT_TOO_LARGE:
        writer_print(writer, ": never more than %zu bytes at this alignment:\n", record->most);
        if (adopted_size(fba) == 0)
            writer_print(writer, "%s    the region has %zu bytes", prefix_of(report),
                         fba_capacity(fba));
        else
            writer_print(writer, "%s    of %zu bytes %zu stay for good", prefix_of(report),
                         fba_capacity(fba), adopted_size(fba));
        break;
    case REPORT_OVERFLOW:
        writer_print(writer, ": count times size is no size");
        break;
    case REPORT_BAD_ALIGNMENT:
        writer_print(writer, ": %zu is not a power of two", fba->failure.align);
        break;
    case REPORT_NOT_READY:
        writer_print(writer, ": it has not been opened");
        break;
    case REPORT_SEALED:
        writer_print(writer, ": it serves nothing any more");
        break;
    case REPORT_BUDGET:
        writer_print(writer, ": %zu of %zu bytes were given out", record->budget_used,
                     record->budget);
        break;
    default: // REPORT_NONE
        break;
    }
    writer_print(writer, "\n");
    if (record->missing == SIZE_MAX)
        writer_print(writer, "%s  missing: more bytes than can be counted\n", prefix_of(report));
    else if (record->missing != 0)
        writer_print(writer, "%s  missing: %zu byte%s; available: %zu; failures: %zu\n",
                     prefix_of(report), record->missing, writer_plural(record->missing),
                     record->available, fba->failure.count);
}

// Where the bytes are; its signs are the legend of the picture.
static void print_region(const struct report *report, const struct report_record *record)
{
    const struct writer *writer = report->writer;
    const struct fba *fba = &record->fba;
    const char *prefix = prefix_of(report);
    const struct fba_range free = free_range(fba);
    size_t free_size = free.end - free.start;

    if (fba->base == 0)
        return;
    writer_print(writer, "%s  region: %zu bytes at 0x%zx\n", prefix, fba_capacity(fba),
                 (size_t)fba->base);
    if (fba->state == FBA_STATE_SEALED)
        writer_print(writer, "%s  %zu permanent (#), %zu given away (-), %zu rounding (~)\n",
                     prefix, fba_used(fba), free_size,
                     fba_capacity(fba) - fba_used(fba) - free_size);
    else
        writer_print(writer, "%s  %zu permanent (#), %zu scratch (s), %zu free (.)\n", prefix,
                     fba_used(fba), fba_scratch_used(fba), free_size);
    print_cells(report, fba, PICTURE_COLUMNS);
    writer_print(writer, "\n%s  peak: %zu", prefix, fba_peak(fba));
    if (record->has_ledger)
        writer_print(writer, "; padding and blocks freed out of order: %zu", record->padding);
    writer_print(writer, "\n");
}

static void print_holders(const struct report *report, const struct report_record *record)
{
    const struct writer *writer = report->writer;
    const char *prefix = prefix_of(report);

    for (size_t i = 0; i < record->holder_count; i++) {
        const struct ledger_holder *holder = &record->holders[i];
        writer_print(writer, "%s  holder: ", prefix);
        if (holder->tag)
            writer_print(writer, "%s", holder->tag);
        else
            writer_print(writer, "by %p", holder->caller);
        writer_print(writer, ", %zu byte%s in %zu block%s\n", holder->size,
                     writer_plural(holder->size), holder->blocks, writer_plural(holder->blocks));
    }
    print_remainder(report, record->others, record->unrecorded, record->returned, record->before);
}

void report_print(const struct report *report, const struct report_record *record)
{
    const struct writer *writer = report->writer;
    size_t scratch = fba_scratch_used(&record->fba);

    writer_print(writer, "%sout of memory: %s\n", prefix_of(report), name_of(record->name));
    print_request(report, record);
    print_reason(report, record);
    print_region(report, record);
    print_holders(report, record);
    if (scratch != 0)
        writer_print(writer, "%s  could be given back: %zu bytes of scratch\n", prefix_of(report),
                     scratch);
    if (record->padding != 0)
        writer_print(writer, "%s  could be saved: up to %zu bytes, by larger alignments first\n",
                     prefix_of(report), record->padding);
    if (report->setting)
        writer_print(writer, "%s  to type: %s\n", prefix_of(report), report->setting);
}

// A text as JSON has it; what is no printable ASCII becomes a question mark.
static void print_json_text(const struct writer *writer, const char *key, const char *text)
{
    writer_print(writer, ",\"%s\":", key);
    if (!text) {
        writer_print(writer, "null");
        return;
    }
    writer_print(writer, "\"");
    for (; *text != '\0'; text++)
        if (*text == '"' || *text == '\\')
            writer_print(writer, "\\%c", *text);
        else
            writer_print(writer, "%c", *text >= ' ' && *text <= '~' ? *text : '?');
    writer_print(writer, "\"");
}

static void print_json_holders(const struct writer *writer, const struct report_record *record)
{
    writer_print(writer, ",\"padding\":%zu,\"holders\":[", record->padding);
    for (size_t i = 0; i < record->holder_count; i++) {
        const struct ledger_holder *holder = &record->holders[i];
        writer_print(writer, "%s{\"bytes\":%zu,\"blocks\":%zu,\"caller\":\"%p\"", i == 0 ? "" : ",",
                     holder->size, holder->blocks, holder->caller);
        print_json_text(writer, "tag", holder->tag);
        writer_print(writer, "}");
    }
    writer_print(writer, "],\"others\":%zu,\"unrecorded\":%zu,\"returned\":%zu,\"before\":%zu",
                 record->others, record->unrecorded.size, record->returned.size, record->before);
}

void report_print_json(const struct report *report, const struct report_record *record)
{
    static const char *const requests[] = {"plain", "zeroed", "scratch"};
    const struct writer *writer = report->writer;
    const struct fba *fba = &record->fba;
    const struct fba_failure *failure = &fba->failure;
    const struct fba_range free = free_range(fba);
    size_t free_size = free.end - free.start;

    writer_print(writer, "%sreport {\"reason\":\"%s\"", prefix_of(report),
                 report_reason_name(record->reason));
    print_json_text(writer, "name", record->name);
    print_json_text(writer, "for", record->tag);
    writer_print(writer,
                 ",\"size\":%zu,\"align\":%zu,\"request\":\"%s\",\"caller\":\"%p\","
                 "\"failures\":%zu,\"available\":%zu,\"missing\":%zu,\"most\":%zu",
                 failure->size, failure->align, requests[failure->request], failure->caller,
                 failure->count, record->available, record->missing, record->most);
    writer_print(writer,
                 ",\"base\":\"0x%zx\",\"capacity\":%zu,\"permanent\":%zu,\"scratch\":%zu,"
                 "\"free\":%zu,\"peak\":%zu,\"adopted\":%zu,\"budget\":%zu,\"given_out\":%zu",
                 (size_t)fba->base, fba_capacity(fba), fba_used(fba), fba_scratch_used(fba),
                 free_size, fba_peak(fba), adopted_size(fba), record->budget, record->budget_used);
    if (record->has_ledger)
        print_json_holders(writer, record);
    print_json_text(writer, "setting", report->setting);
    writer_print(writer, "}\n");
}

void report_failure(const struct report *report, const struct fba *fba)
{
    struct report_record record;

    report_keep(&record, report, fba);
    report_print(report, &record);
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────

void report_account(const struct report *report, const struct fba *fba)
{
    const struct writer *writer = report->writer;
    const char *prefix = prefix_of(report);
    struct fba_range free = free_range(fba);
    size_t free_size = free.end - free.start;

    writer_print(writer, "%s  buffer: %s, %zu bytes at 0x%zx-0x%zx\n", prefix,
                 name_of(report->name), fba_capacity(fba), (size_t)fba->base, (size_t)fba->end);
    writer_print(writer, "%s  permanent: %zu\n", prefix, fba_used(fba));
    if (report->ledger)
        writer_print(writer, "%s  padding: %zu\n", prefix, padding_of(report, fba));
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
