// SPDX-License-Identifier: MIT
// What kmem/report.h promises: the account of an allocator, and of its failure, in words.
#include "tests/suites/suite.h"

#include "kmem/fallback.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/report.h"

#define PAGE 4096

static char text[2048];
static struct writer_buffer buffer;
static struct writer writer;
static _Alignas(PAGE) unsigned char memory[2 * PAGE];
static struct fba fba;

static struct report new_report(void)
{
    writer = writer_to_buffer(&buffer, text, sizeof text);
    return (struct report){.writer = &writer, .prefix = "test: ", .name = "early heap"};
}

// A ledger over 128 bytes.
static struct allocator new_ledger(struct ledger *ledger)
{
    static struct ledger_entry entries[2];

    fba_init(&fba, memory, 128);
    ledger_init(ledger, fba_allocator(&fba), entries, 2);
    return ledger_allocator(ledger);
}

static void a_failure_is_told_in_full(struct suite_run *run)
{
    struct report report = new_report();
    struct ledger ledger;
    struct allocator allocator = new_ledger(&ledger);

    ledger.tag = "tables";
    (void)allocator_alloc(&allocator, 96, 1);
    ledger.tag = "stacks";
    CHECK(run, !allocator_alloc(&allocator, 64, 32));
    report.ledger = &ledger;
    report_failure(&report, &fba);

    CHECK(run, suite_contains(text, "test: out of memory: early heap\n"));
    CHECK(run,
          suite_contains(text, "asked: 64 bytes, alignment 32, for stacks\ntest:   asked by 0x"));
    CHECK(run, suite_contains(text, "reason: exhausted"));
    CHECK(run, suite_contains(text, "missing: 32 bytes; available: 32; failures: 1\n"));
    CHECK(run, suite_contains(text, "holder: tables, 96 bytes in 1 block"));
    CHECK_EQUAL(run, text[buffer.length - 1], '\n');
}

static void a_writer_is_all_that_a_report_needs(struct suite_run *run)
{
    static const struct report nothing = {NULL, NULL, NULL, NULL, 0, NULL, NULL};
    struct report report = new_report();

    fba_init(&fba, memory, 128);
    CHECK(run, !fba_alloc(&fba, 129, 1));
    text[0] = 'q';
    report_failure(&nothing, &fba);
    CHECK_EQUAL(run, text[0], 'q');
    report.prefix = report.name = NULL;
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "out of memory: (unnamed)\n  asked: 129 bytes, alignment 1\n"));
    CHECK_EQUAL(run, text[0], 'o');
}

static void each_reason_is_explained(struct suite_run *run)
{
    static struct fba unready;
    struct fba_ranges ranges;
    struct report report = new_report();

    (void)fba_alloc(&unready, 1, 1);
    report_failure(&report, &unready);
    CHECK(run, suite_contains(text, "reason: not ready"));

    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 65, 1);
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "reason: too large: never more than 64 bytes"));
    CHECK(run, suite_contains(text, "\ntest:     the region has 64 bytes\n"));

    (void)fba_alloc(&fba, SIZE_MAX, 1);
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "asked: more bytes than can be counted, alignment 1\n"));
    CHECK(run, suite_contains(text, "reason: size overflow: count times size is no size\n"));
    CHECK(run, suite_contains(text, "missing: more bytes than can be counted\n"));

    (void)fba_alloc_zeroed(&fba, 1, 3);
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "asked: 1 byte, alignment 3, zeroed\n"));
    CHECK(run, suite_contains(text, "reason: bad alignment: 3 is not a power of two\n"));

    (void)fba_scratch_alloc(&fba, 65, 1);
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "asked: 65 bytes, alignment 1, scratch\n"));

    fba_seal(&fba, PAGE, &ranges);
    (void)fba_alloc(&fba, 1, 1);
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "reason: sealed"));

    fba_init(&fba, memory, 64); // nothing has failed yet
    report = new_report();
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "reason: none\n"));
}

static void holders_without_a_tag_are_told_as_such(struct suite_run *run)
{
    struct report report = new_report();
    struct ledger ledger;
    struct allocator allocator = new_ledger(&ledger);
    static const char callers[2];

    (void)allocator_alloc_by(&allocator, 10, 1, &callers[0]);
    (void)allocator_alloc_by(&allocator, 20, 1, &callers[1]);
    CHECK(run, !allocator_alloc(&allocator, 128, 1));
    report.ledger = &ledger;
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "holder: by 0x"));
    CHECK(run, suite_contains(text, ", 20 bytes in 1 block\n"));
    CHECK(run, suite_contains(text, ", 10 bytes in 1 block\n"));

    report = new_report();
    report.ledger = &ledger;
    report_holders(&report, 1);
    CHECK(run, suite_contains(text, "holder: (untagged), 20 bytes in 1 block"));
    CHECK(run, suite_contains(text, "holder: (others), 10 bytes\n"));
}

static void what_no_entry_tells_of_has_lines_of_its_own(struct suite_run *run)
{
    struct report report = new_report();
    struct ledger ledger;
    struct allocator allocator = new_ledger(&ledger); // with two entries
    static const char callers[3];

    for (size_t i = 0; i < 3; i++)
        (void)allocator_alloc_by(&allocator, 10 * (3 - i), 1, &callers[i]);
    report.ledger = &ledger;
    report.requested = 5;
    report_holders(&report, 8);
    CHECK(run, suite_contains(text, "holder: (not recorded), 10 bytes in 1 block\n"));
    CHECK(run, suite_contains(text, "holder: (before this ledger), 5 bytes\n"));
    CHECK(run, !suite_contains(text, "(others)"));
}

static void an_account_says_where_every_byte_is(struct suite_run *run)
{
    struct report report = new_report();

    fba_init(&fba, memory, 1000);
    (void)fba_alloc(&fba, 200, 1);
    (void)fba_scratch_alloc(&fba, 300, 1);
    report_account(&report, &fba);
    CHECK(run, suite_contains(text, "buffer: early heap, 1000 bytes at 0x"));
    CHECK(run, suite_contains(text, "permanent: 200\n"));
    CHECK(run, suite_contains(text, "scratch: 300\n"));
    CHECK(run, suite_contains(text, "free: 500\n"));
    CHECK(run, suite_contains(text, "peak: 500\n"));
}

static void a_picture_shows_each_part_in_proportion(struct suite_run *run)
{
    struct report report = new_report();

    fba_init(&fba, memory, 1000);
    (void)fba_alloc(&fba, 200, 1);
    (void)fba_scratch_alloc(&fba, 300, 1);
    report_picture(&report, &fba, 10);
    CHECK(run, suite_contains(text, "[##.....sss]"));
}

static void a_sealed_allocator_has_an_account_too(struct suite_run *run)
{
    struct report report = new_report();
    struct fba_ranges ranges;

    fba_init(&fba, memory, sizeof memory);
    (void)fba_alloc(&fba, 10, 1);
    (void)fba_scratch_alloc(&fba, 20, 1);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    report_account(&report, &fba);
    CHECK(run, suite_contains(text, "permanent: 10\n"));
    CHECK(run, suite_contains(text, "given away: 4096\n"));
    CHECK(run, suite_contains(text, "rounding: 4086\n"));
    CHECK(run, !suite_contains(text, "free:"));
    CHECK(run, suite_contains(text, "peak: 30\n"));

    report = new_report();
    report_picture(&report, &fba, 8);
    CHECK(run, suite_contains(text, "[~~~~----]"));

    fba_init(&fba, memory, PAGE + PAGE / 2);
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    report = new_report();
    report_picture(&report, &fba, 6);
    CHECK(run, suite_contains(text, "[----~~]")); // less than a page is left behind the last
}

static void a_reserve_that_is_kept_back_is_a_reason(struct suite_run *run)
{
    struct report report = new_report();
    struct fba reserve;

    fba_init(&fba, memory, 128);
    CHECK_STATUS(run, fba_split_tail(&fba, 64, &reserve), FBA_OK);
    (void)fba_alloc(&fba, 40, 1);
    CHECK(run, !fba_alloc(&fba, 32, 1));
    report.reserve = &reserve;
    report_failure(&report, &fba);
    CHECK(run,
          suite_contains(text, "reason: only the reserve is left: room enough, but kept back"));

    (void)fba_alloc(&reserve, 40, 1);
    report = new_report();
    report.reserve = &reserve;
    report_failure(&report, &fba);
    CHECK(run, suite_contains(text, "reason: exhausted"));
}

static void a_budget_that_is_exceeded_is_a_reason(struct suite_run *run)
{
    struct report report = new_report();
    struct report_record record;
    struct limit limit;

    fba_init(&fba, memory, 128);
    limit_init(&limit, fba_allocator(&fba), 64);
    struct allocator allocator = limit_allocator(&limit);
    report.name = "network";
    report_keep_budget(&record, &report, &limit);
    CHECK(run, record.reason == REPORT_NONE);
    CHECK(run, allocator_alloc(&allocator, 60, 1));
    CHECK(run, !allocator_alloc(&allocator, 16, 8));
    report_keep_budget(&record, &report, &limit);
    report_print(&report, &record);
    CHECK(run, suite_contains(text, "test: out of memory: network\n"));
    CHECK(run, suite_contains(text, "asked: 16 bytes, alignment 8\n"));
    CHECK(run, suite_contains(text, "reason: budget exceeded: 60 of 64 bytes were given out\n"));
    CHECK(run, suite_contains(text, "missing: 12 bytes; available: 4; failures: 1\n"));
    CHECK(run, !suite_contains(text, "region:"));

    allocator_free(&allocator, memory, 60, 1); // there is room again: the failure stays one
    report = new_report();
    report.name = "network";
    report_keep_budget(&record, &report, &limit);
    report_print(&report, &record);
    CHECK(run, suite_contains(text, "reason: budget exceeded: 0 of 64 bytes were given out\n"));
    CHECK(run, !suite_contains(text, "missing:"));
    report_print_json(&report, &record);
    CHECK(run, suite_contains(text, "\"base\":\"0x0\",\"capacity\":0,"));
    CHECK(run, suite_contains(text, "\"budget\":64,\"given_out\":0,\"setting\":null}\n"));

    CHECK(run, !allocator_alloc_array(&allocator, SIZE_MAX / 2, 4, 8)); // whatever the budget
    report = new_report();
    report_keep_budget(&record, &report, &limit);
    report_print(&report, &record);
    CHECK(run, suite_contains(text, "reason: size overflow"));
    CHECK(run, suite_contains(text, "missing: more bytes than can be counted\n"));
}

static void what_cannot_be_counted_is_said_to_be_so(struct suite_run *run)
{
    struct report report = new_report();
    struct report_record record = {.reason = REPORT_EXHAUSTED, .name = "test", .missing = SIZE_MAX};

    report_print(&report, &record);
    CHECK(run, suite_contains(text, "missing: more bytes than can be counted\n"));
}

static void accounts_tell_padding_and_holders_by_their_tags(struct suite_run *run)
{
    struct report report = new_report();
    struct report_record record;
    struct ledger ledger;
    struct allocator allocator = new_ledger(&ledger);

    report_holders(&report, 8); // without a ledger there is nothing to say
    CHECK_EQUAL(run, buffer.length, 0);
    report.ledger = &ledger;
    ledger.tag = "first\x7f";
    (void)allocator_alloc(&allocator, 30, 1);
    ledger.tag = "second";
    (void)allocator_alloc(&allocator, 32, 32);
    report_account(&report, &fba);
    report_holders(&report, 8);
    CHECK(run, suite_contains(text, "padding: 2\n"));
    CHECK(run, suite_contains(text, "holder: second, 32 bytes in 1 block, largest by 0x"));
    CHECK(run, !allocator_alloc(&allocator, 128, 1));
    report_keep(&record, &report, &fba);
    report_print_json(&report, &record);
    CHECK(run, suite_contains(text, "\"tag\":\"second\"},{\"bytes\":30,\"blocks\":1,"));
    CHECK(run, suite_contains(
                   text, "\"tag\":\"first?\"}],\"others\":0,\"unrecorded\":0,\"returned\":0,"));

    fba_init(&fba, memory, 0);
    report = new_report();
    report_picture(&report, &fba, 8);
    CHECK(run, suite_contains(text, "[] # permanent"));
}

// `other` is the buffer of a fallback's second allocator.
static void check_padding_beside(struct suite_run *run, unsigned char *other)
{
    static struct ledger_entry entries[3];
    struct report report = new_report();
    struct report_record record;
    struct ledger ledger;
    struct fba second;
    struct fallback fallback = {.first = &fba, .second = fba_allocator(&second)};

    fba_init(&fba, memory + 64, 40);
    fba_init(&second, other, 64);
    ledger_init(&ledger, fallback_allocator(&fallback), entries, 3);
    const struct allocator allocator = ledger_allocator(&ledger);
    report.ledger = &ledger;
    ledger.tag = "first";
    (void)allocator_alloc(&allocator, 30, 1);
    ledger.tag = "second";
    (void)allocator_alloc(&allocator, 60, 1);
    (void)fba_alloc(&fba, 5, 1);
    report_keep(&record, &report, &fba);
    CHECK_EQUAL(run, record.padding, 5);
    report_account(&report, &fba);
    CHECK(run, suite_contains(text, "padding: 5\n"));
    fba_reset(&fba);
    report_keep(&record, &report, &fba);
    CHECK_EQUAL(run, record.padding, 0); // and not less
}

static void padding_is_that_of_the_buffer_alone(struct suite_run *run)
{
    check_padding_beside(run, memory);
    check_padding_beside(run, memory + 128);
}

static void a_failure_is_kept_and_printed_later(struct suite_run *run)
{
    struct report report = new_report();
    struct report_record record;
    struct ledger ledger;
    struct allocator allocator = new_ledger(&ledger);

    ledger.tag = "a \"quoted\" \\ tag\n";
    (void)allocator_alloc(&allocator, 100, 1);
    CHECK(run, !allocator_alloc(&allocator, 64, 8));
    report.ledger = &ledger;
    report_keep(&record, &report, &fba);
    fba_reset(&fba);
    report.setting = "size=165";
    report_print(&report, &record);
    CHECK(run, suite_contains(text, "100 permanent (#), 0 scratch (s), 28 free (.)\n"));
    CHECK(run, suite_contains(text, "to type: size=165\n"));

    report = new_report();
    report_print_json(&report, &record);
    CHECK(run, suite_contains(text, "test: report {\"reason\":\"exhausted\","));
    CHECK(run, suite_contains(text, "\"tag\":\"a \\\"quoted\\\" \\\\ tag?\""));
    CHECK(run, suite_contains(text, "\"size\":64,\"align\":8,"));
    CHECK(run, suite_contains(text, "\"setting\":null}\n"));
}

static size_t widest_line(void)
{
    size_t widest = 0, column = 0;

    for (size_t i = 0; i < buffer.length; i++) {
        column = text[i] == '\n' ? 0 : column + 1;
        widest = column > widest ? column : widest;
    }
    return widest;
}

// The most that a report can have, with the kernel's prefix: it has to fit a screen.
static void a_report_fits_a_screen(struct suite_run *run)
{
    static struct ledger_entry entries[9];
    static const char callers[9];
    struct report report = new_report();
    struct fba_numbers numbers = {.size = 2 * PAGE, .used = 2000, .peak = 2000, .high = 2 * PAGE};
    struct ledger ledger;
    size_t lines = 0;

    CHECK_STATUS(run, fba_adopt(&fba, memory, &numbers), FBA_OK);
    ledger_init(&ledger, fba_allocator(&fba), entries, 8);
    struct allocator allocator = ledger_allocator(&ledger);
    for (size_t i = 0; i < 9; i++)
        (void)allocator_alloc_by(&allocator, 9 - i, 16, &callers[i]);
    (void)allocator_alloc_by(&allocator, 8, 16, &callers[1]); // two rests
    allocator_free(&allocator, allocator_alloc_by(&allocator, 7, 16, &callers[2]), 7, 16);
    (void)fba_scratch_alloc(&fba, 100, 1);
    CHECK(run, !allocator_alloc(&allocator, 2 * PAGE, PAGE));
    report.prefix = "kernel: ";
    report.ledger = &ledger;
    report.requested = 1900;
    report.setting = "make run EARLY_HEAP=1048576K";
    report_failure(&report, &fba);
    for (size_t i = 0; i < buffer.length; i++)
        lines += text[i] == '\n';
    CHECK(run, suite_contains(text, "(others)") && suite_contains(text, "(not recorded)"));
    CHECK(run, suite_contains(text, "  of these since given back: 7 bytes in 1 block\n"));
    CHECK_EQUAL(run, lines, 22);
    CHECK(run, widest_line() <= 80);
}

// What the numbers of a heap of 1 GiB are at most.
static void large_numbers_fit_a_screen(struct suite_run *run)
{
    static struct ledger_entry entries[4];
    struct report report = new_report();
    struct ledger ledger;

    // Nothing is written to the buffer.
    CHECK_STATUS(run, fba_init(&fba, (void *)(uintptr_t)PAGE, (size_t)1 << 30), FBA_OK);
    ledger_init(&ledger, fba_allocator(&fba), entries, 4);
    struct allocator allocator = ledger_allocator(&ledger);
    CHECK(run, allocator_alloc_by(&allocator, 100000001, 1, NULL));
    ledger.tag = "memory map";
    CHECK(run, allocator_alloc(&allocator, 200000000, PAGE));
    CHECK(run, fba_scratch_alloc(&fba, 300000000, 1));
    CHECK(run, !allocator_alloc(&allocator, 1000000000, PAGE));
    report.prefix = "kernel: ";
    report.ledger = &ledger;
    report_failure(&report, &fba);
    CHECK(run, widest_line() <= 80);
    struct fba_ranges ranges;
    CHECK_STATUS(run, fba_seal(&fba, PAGE, &ranges), FBA_OK);
    CHECK(run, !allocator_alloc(&allocator, 1000000000, PAGE));
    report_failure(&report, &fba);
    CHECK(run, widest_line() <= 80);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_reserve_that_is_kept_back_is_a_reason),
    SUITE_CASE(a_budget_that_is_exceeded_is_a_reason),
    SUITE_CASE(what_cannot_be_counted_is_said_to_be_so),
    SUITE_CASE(accounts_tell_padding_and_holders_by_their_tags),
    SUITE_CASE(a_failure_is_kept_and_printed_later),
    SUITE_CASE(padding_is_that_of_the_buffer_alone),
    SUITE_CASE(a_report_fits_a_screen),
    SUITE_CASE(large_numbers_fit_a_screen),
    SUITE_CASE(a_failure_is_told_in_full),
    SUITE_CASE(a_writer_is_all_that_a_report_needs),
    SUITE_CASE(each_reason_is_explained),
    SUITE_CASE(holders_without_a_tag_are_told_as_such),
    SUITE_CASE(what_no_entry_tells_of_has_lines_of_its_own),
    SUITE_CASE(an_account_says_where_every_byte_is),
    SUITE_CASE(a_picture_shows_each_part_in_proportion),
    SUITE_CASE(a_sealed_allocator_has_an_account_too),
};
const struct suite report_suite = SUITE("report", cases);
