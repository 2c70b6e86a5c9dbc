// SPDX-License-Identifier: MIT
// What kmem/journal.h promises: a line for each call, counted and with a checksum.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/journal.h"

static _Alignas(64) unsigned char memory[256];
static char text[2048];
static struct writer_buffer buffer;
static struct writer writer;
static struct fba fba;
static struct journal journal;
static const char *tag;

static struct allocator open(const char *const *tag_of_user)
{
    fba_init(&fba, memory, sizeof memory);
    writer = writer_to_buffer(&buffer, text, sizeof text);
    journal = (struct journal){.writer = &writer, .prefix = "test: ", .tag = tag_of_user};
    journal_open(&journal, fba_allocator(&fba), (uintptr_t)memory, sizeof memory, 0);
    return journal_allocator(&journal);
}

static void every_call_has_its_line(struct suite_run *run)
{
    tag = "tables";
    struct allocator allocator = open(&tag);
    unsigned char *first = allocator_alloc_by(&allocator, 10, 1, (const void *)0x123);
    unsigned char *second = allocator_alloc_by(&allocator, 32, 32, (const void *)0x456);

    CHECK_ADDRESS(run, first, memory);
    CHECK_ADDRESS(run, second, memory + 32);
    CHECK(run, suite_contains(text, "test: ledger 1 t tables *"));
    CHECK(run, suite_contains(text, "test: ledger 2 a 0 a 1 123 *"));
    CHECK(run, suite_contains(text, "test: ledger 3 a 20 20 20 456 *"));
    CHECK(run, allocator_resize(&allocator, second, 32, 64, 32));
    CHECK(run, suite_contains(text, "test: ledger 4 r 20 20 40 ok *"));
    CHECK(run, !allocator_resize(&allocator, first, 10, 64, 1));
    CHECK(run, suite_contains(text, "test: ledger 5 r 0 a 40 failed *"));
    CHECK(run, !allocator_alloc_by(&allocator, 4096, 8, (const void *)0x789));
    CHECK(run, suite_contains(text, "test: ledger 6 a - 1000 8 789 *"));
    allocator_free(&allocator, second, 64, 32);
    CHECK(run, suite_contains(text, "test: ledger 7 f 20 40 *"));
    journal_note(&journal, 16, 48);
    CHECK(run, suite_contains(text, "test: ledger 8 s 10 30 *"));
    journal_close(&journal, fba_used(&fba), fba_peak(&fba));
    CHECK(run, suite_contains(text, "test: ledger 9 e 20 60 *"));
}

static void marks_have_their_lines(struct suite_run *run)
{
    struct allocator allocator = open(NULL);
    struct fba_mark mark, kept;

    CHECK_EQUAL(run, fba_mark(&fba, &mark), FBA_OK);
    journal_mark(&journal, fba_used(&fba));
    (void)allocator_alloc(&allocator, 16, 1);
    CHECK_EQUAL(run, fba_rewind(&fba, &mark), FBA_OK);
    journal_rewind(&journal, fba_used(&fba));
    CHECK_EQUAL(run, fba_mark(&fba, &kept), FBA_OK);
    journal_mark(&journal, fba_used(&fba));
    (void)allocator_alloc(&allocator, 17, 1);
    CHECK_EQUAL(run, fba_keep(&fba, &kept), FBA_OK);
    journal_keep(&journal, fba_used(&fba));
    CHECK(run, suite_contains(text, "test: ledger 1 m 0 *"));
    CHECK(run, suite_contains(text, "test: ledger 3 w 0 *"));
    CHECK(run, suite_contains(text, "test: ledger 4 m 0 *"));
    CHECK(run, suite_contains(text, "test: ledger 6 k 11 *"));
}

static void a_tag_has_a_line_when_it_changes(struct suite_run *run)
{
    tag = NULL;
    struct allocator allocator = open(&tag);

    (void)allocator_alloc(&allocator, 1, 1);
    CHECK(run, !suite_contains(text, " t "));
    tag = "one";
    (void)allocator_alloc(&allocator, 1, 1);
    (void)allocator_alloc(&allocator, 1, 1);
    tag = NULL;
    (void)allocator_alloc(&allocator, 1, 1);
    CHECK(run, suite_contains(text, "ledger 2 t one *"));
    CHECK(run, suite_contains(text, "ledger 3 a 1 1 1 "));
    CHECK(run, suite_contains(text, "ledger 4 a 2 1 1 "));
    CHECK(run, suite_contains(text, "ledger 5 t - *"));
    CHECK_EQUAL(run, journal.lines, 7);
}

static void without_a_tag_there_is_no_line_for_it(struct suite_run *run)
{
    struct allocator allocator = open(NULL);

    (void)allocator_alloc(&allocator, 1, 1);
    CHECK_EQUAL(run, journal.lines, 2);
    CHECK_EQUAL(run, allocator_available(&allocator, 1), sizeof memory - 1);
}

// CRC-16/CCITT-FALSE of "1 e 7 7", worked out elsewhere.
static void a_line_ends_with_its_checksum(struct suite_run *run)
{
    (void)open(NULL);
    journal_close(&journal, 7, 7);
    CHECK(run, suite_contains(text, "test: ledger 1 e 7 7 *2888\n"));
}

static const struct suite_case cases[] = {
    SUITE_CASE(every_call_has_its_line),          SUITE_CASE(marks_have_their_lines),
    SUITE_CASE(a_tag_has_a_line_when_it_changes), SUITE_CASE(without_a_tag_there_is_no_line_for_it),
    SUITE_CASE(a_line_ends_with_its_checksum),
};
const struct suite journal_suite = SUITE("journal", cases);
