// SPDX-License-Identifier: MIT
// What boot/loader/loader_options.h promises.
#include "boot/loader/loader_options.h"
#include "tests/loader/suites.h"

#include <string.h>

static struct loader_options options;
static struct loader_options_defect defect;

static bool parse(const char *text)
{
    return loader_options_parse(&options, text, strlen(text), &defect);
}

static void words_of_the_kernel_are_passed_over(struct suite_run *run)
{
    CHECK(run, parse(""));
    CHECK(run, parse("run=x exit-port=0xf4\tseeds=1 module\r\n"));
    CHECK_EQUAL(run, options.module_count, 0);
    CHECK_EQUAL(run, options.seed_kind, LOADER_OPTIONS_NO_SEED);
    CHECK(run, !options.ledger);
    CHECK(run, parse("ledger ledgers"));
    CHECK(run, options.ledger);
    CHECK(run, parse("ledgers"));
    CHECK(run, !options.ledger);
}

static void modules_come_in_their_order(struct suite_run *run)
{
    CHECK(run, parse(" module=a  run=x module=Folder/b_2.img-3 "));
    CHECK_EQUAL(run, options.module_count, 2);
    CHECK_TEXT(run, options.modules[0], "a");
    CHECK_TEXT(run, options.modules[1], "Folder/b_2.img-3");
}

static void a_name_has_39_characters_at_most(struct suite_run *run)
{
    CHECK(run, parse("module=123456789012345678901234567890123456789"));
    CHECK_EQUAL(run, strlen(options.modules[0]), HANDOFF_MODULE_NAME_MAX);
    CHECK(run, !parse("module=1234567890123456789012345678901234567890"));
    CHECK(run, !parse("module="));
}

static void a_seventeenth_module_is_rejected(struct suite_run *run)
{
    static const char text[] = "module=a module=b module=c module=d module=e module=f module=g "
                               "module=h module=i module=j module=k module=l module=m module=n "
                               "module=o module=p module=q";

    CHECK(run, loader_options_parse(&options, text, sizeof text - sizeof " module=q", &defect));
    CHECK_EQUAL(run, options.module_count, LOADER_OPTIONS_MODULES_MAX);
    CHECK(run, !loader_options_parse(&options, text, sizeof text - 1, &defect));
    CHECK_TEXT(run, defect.advice, "that is one module more than the 16 that the loader takes");
}

static void a_seed_is_decimal_or_hexadecimal(struct suite_run *run)
{
    CHECK(run, parse("seed=18446744073709551615"));
    CHECK_EQUAL(run, options.seed, UINT64_MAX);
    CHECK(run, parse("seed=0xfFfFfFfFfFfFfFf0"));
    CHECK_EQUAL(run, options.seed, UINT64_MAX - 15);
    CHECK(run, parse("seed=0"));
    CHECK_EQUAL(run, options.seed_kind, LOADER_OPTIONS_SEED);
    CHECK_EQUAL(run, options.seed, 0);
    CHECK(run, parse("seed=random"));
    CHECK_EQUAL(run, options.seed_kind, LOADER_OPTIONS_RANDOM_SEED);
}

static void an_allocation_that_fails_is_counted_from_one(struct suite_run *run)
{
    CHECK(run, parse("fail=7 loader-fail=0x10"));
    CHECK_EQUAL(run, options.fail, 16);
    CHECK(run, parse("fail=7"));
    CHECK_EQUAL(run, options.fail, 0);
}

static void a_bad_word_is_named_with_advice(struct suite_run *run)
{
    static const char *const bad[] = {
        "seed=",
        "seed=0x",
        "seed=18446744073709551616",
        "seed=0x10000000000000000",
        "seed=-1",
        "seed=1a",
        "seed=0xg",
        "seed=randomly",
        "module=\xc3\xa4",
        "module=a\\b",
        "module=a:b",
        "seed=Random",
        "loader-fail=",
        "loader-fail=0",
        "loader-fail=first",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(run, !parse(bad[i]));
        CHECK(run, defect.word == bad[i] && defect.length == strlen(bad[i]) && defect.advice);
    }
    CHECK(run, !parse("run=x seed=no module=a"));
    CHECK_EQUAL(run, defect.length, 7);
    CHECK(run, memcmp(defect.word, "seed=no", 7) == 0);
}

// ── Load options ────────────────────────────────────────────────────────────────────────────────

#define MOST 20
static char line[MOST + 1];
static size_t length;

// u"…" has char16_t, which is UEFI's CHAR16.
#define CONVERT(text) loader_options_decode(text, sizeof(text), line, MOST, &length)

static const char *converted(void)
{
    line[length] = '\0';
    return line;
}

static void load_options_become_a_line(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"run=a only=b"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "run=a only=b");
    CHECK_EQUAL(run, loader_options_decode(NULL, 0, line, MOST, &length), LOADER_OPTIONS_TEXT);
    CHECK_EQUAL(run, length, 0);
}

static void what_follows_a_nul_is_not_read(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"run=a\0\x01"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "run=a");
}

static void without_a_nul_all_is_read(struct suite_run *run)
{
    CHECK_EQUAL(run, loader_options_decode(u"run=a", 8, line, MOST, &length), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "run=");
}

static void the_shells_name_of_the_application_is_left_out(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"fs0:\\BOOTX64.EFI   a"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "a");
    CHECK_EQUAL(run, CONVERT(u"loader.efi"), LOADER_OPTIONS_TEXT);
    CHECK_EQUAL(run, length, 0);
    CHECK_EQUAL(run, CONVERT(u"a loader.efi"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "a loader.efi");
    CHECK_EQUAL(run, CONVERT(u"efi .ef"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "efi .ef");
}

static void characters_beyond_ascii_are_question_marks(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"gr\u00fcn \u20ac"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "gr?n ?");
}

static void what_is_no_text_is_told_apart(struct suite_run *run)
{
    CHECK_EQUAL(run, loader_options_decode(u"run=a", 7, line, MOST, &length),
                LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, length, 0);
    CHECK_EQUAL(run, CONVERT(u"a\x01"), LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, CONVERT(u"a\x7f"), LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, length, 0);
}

// What efibootmgr writes without -u, and what boot managers leave: bytes in pairs are characters,
// too, but hardly ever those of a command line.
static void bytes_of_another_encoding_are_no_text(struct suite_run *run)
{
    static const unsigned char guid[] = {0xc8, 0x21, 0x5e, 0xf1, 0x99, 0x4c, 0x53, 0x4a,
                                         0x9e, 0x2f, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66};
    static const unsigned char signature[] = {'R', 'C', 0x5a, 0x01, 0x41, 0x42};

    CHECK_EQUAL(run, loader_options_decode("run=mine", 8, line, MOST, &length),
                LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, loader_options_decode("run=me\0", 8, line, MOST, &length),
                LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, loader_options_decode(guid, sizeof guid, line, MOST, &length),
                LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, loader_options_decode(signature, sizeof signature, line, MOST, &length),
                LOADER_OPTIONS_NOT_TEXT);
    CHECK_EQUAL(run, length, 0);
    // However long they are.
    CHECK_EQUAL(run,
                CONVERT(u"\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"
                        u"\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"),
                LOADER_OPTIONS_NOT_TEXT);
}

static void a_byte_order_mark_is_left_out(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"\ufeffrun=mine"), LOADER_OPTIONS_TEXT);
    CHECK_TEXT(run, converted(), "run=mine");
    CHECK_EQUAL(run, CONVERT(u"\ufeff"), LOADER_OPTIONS_TEXT);
    CHECK_EQUAL(run, length, 0);
    CHECK_EQUAL(run, CONVERT(u"\ufffe\u7200\u7500"), LOADER_OPTIONS_NOT_TEXT);
}

static void a_line_that_is_too_long_is_no_line(struct suite_run *run)
{
    CHECK_EQUAL(run, CONVERT(u"12345678901234567890"), LOADER_OPTIONS_TEXT);
    CHECK_EQUAL(run, length, MOST);
    CHECK_EQUAL(run, CONVERT(u"123456789012345678901"), LOADER_OPTIONS_TOO_LONG);
    CHECK_EQUAL(run, length, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(words_of_the_kernel_are_passed_over),
    SUITE_CASE(modules_come_in_their_order),
    SUITE_CASE(a_name_has_39_characters_at_most),
    SUITE_CASE(a_seventeenth_module_is_rejected),
    SUITE_CASE(a_seed_is_decimal_or_hexadecimal),
    SUITE_CASE(an_allocation_that_fails_is_counted_from_one),
    SUITE_CASE(a_bad_word_is_named_with_advice),
    SUITE_CASE(load_options_become_a_line),
    SUITE_CASE(what_follows_a_nul_is_not_read),
    SUITE_CASE(without_a_nul_all_is_read),
    SUITE_CASE(the_shells_name_of_the_application_is_left_out),
    SUITE_CASE(characters_beyond_ascii_are_question_marks),
    SUITE_CASE(what_is_no_text_is_told_apart),
    SUITE_CASE(bytes_of_another_encoding_are_no_text),
    SUITE_CASE(a_byte_order_mark_is_left_out),
    SUITE_CASE(a_line_that_is_too_long_is_no_line),
};
const struct suite loader_options_suite = SUITE("loader_options", cases);
