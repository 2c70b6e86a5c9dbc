// SPDX-License-Identifier: MIT
// Every reason for which an allocation fails, each on an allocator of its own, reported on the real
// console: `only=reasons` on the test kernel's command line
// (tests/scenarios/test_out_of_memory.py).
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"
#include "kmem/report.h"
#include "tests/metal/metal.h"

static _Alignas(PAGE_SIZE) unsigned char memory[2 * PAGE_SIZE];
static struct fba fba, reserve;

static void exhausted(struct report_record *record, const struct report *report)
{
    (void)fba_alloc(&fba, PAGE_SIZE, 1);
    (void)fba_alloc(&fba, PAGE_SIZE + 1, 1);
    report_keep(record, report, &fba);
}

static void reserved(struct report_record *record, const struct report *report)
{
    struct report with_reserve = *report;

    with_reserve.reserve = &reserve;
    (void)fba_split_tail(&fba, PAGE_SIZE, &reserve);
    (void)fba_alloc(&fba, PAGE_SIZE - 1, 1);
    (void)fba_alloc(&fba, 2, 1);
    report_keep(record, &with_reserve, &fba);
}

static void too_large(struct report_record *record, const struct report *report)
{
    const struct fba_numbers numbers = {
        .size = sizeof memory, .used = PAGE_SIZE, .peak = PAGE_SIZE, .high = sizeof memory};

    (void)fba_adopt(&fba, memory, &numbers);
    (void)fba_alloc(&fba, PAGE_SIZE + 1, 1);
    report_keep(record, report, &fba);
}

static void overflow(struct report_record *record, const struct report *report)
{
    const struct allocator allocator = fba_allocator(&fba);

    (void)allocator_alloc_array(&allocator, SIZE_MAX / 2, 4, 4);
    report_keep(record, report, &fba);
}

static void bad_alignment(struct report_record *record, const struct report *report)
{
    (void)fba_alloc(&fba, 16, 24);
    report_keep(record, report, &fba);
}

static void not_ready(struct report_record *record, const struct report *report)
{
    fba = (struct fba){0};
    (void)fba_alloc(&fba, 16, 8);
    report_keep(record, report, &fba);
}

static void sealed(struct report_record *record, const struct report *report)
{
    struct fba_ranges ranges;

    (void)fba_alloc(&fba, 100, 1);
    (void)fba_seal(&fba, PAGE_SIZE, &ranges);
    (void)fba_alloc(&fba, 16, 8);
    report_keep(record, report, &fba);
}

static void budget(struct report_record *record, const struct report *report)
{
    struct limit limit;

    limit_init(&limit, fba_allocator(&fba), 64);
    const struct allocator allocator = limit_allocator(&limit);
    (void)allocator_alloc(&allocator, 60, 1);
    (void)allocator_alloc(&allocator, 16, 8);
    report_keep_budget(record, report, &limit);
}

void reasons_run(const struct writer *writer)
{
    static void (*const reasons[])(struct report_record * record, const struct report *report) = {
        exhausted, reserved, too_large, overflow, bad_alignment, not_ready, sealed, budget};
    const struct report report = {.writer = writer, .prefix = "reasons: ", .name = "two pages"};
    struct report_record record;

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        fba_init(&fba, memory, sizeof memory);
        reasons[i](&record, &report);
        report_print_json(&report, &record);
        report_print(&report, &record);
    }
}
