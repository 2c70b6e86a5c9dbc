// SPDX-License-Identifier: MIT
// What boot/cmdline.h promises: words, prefixes, names and numbers of a command line.
#include "arch/x86_64/string.h"
#include "boot/cmdline.h"
#include "tests/boot/suites.h"

#define UNCHANGED UINT64_C(0xeeeeeeeeeeeeeeee)

static struct cmdline_word word_of(const char *text)
{
    struct cmdline_word word = {text, 0};

    while (text[word.length] != '\0')
        word.length++;
    return word;
}

static bool is_word(struct cmdline_word word, const char *text)
{
    struct cmdline_word wanted = word_of(text);

    return word.length == wanted.length && memcmp(word.text, wanted.text, word.length) == 0;
}

static void any_blanks_separate_words(struct suite_run *run)
{
    static const char text[] = " \ta=1\r\n\0bc \t d";
    struct cmdline_word rest = {text, sizeof text - 1};
    struct cmdline_word word;

    CHECK(run, cmdline_next(&rest, &word) && is_word(word, "a=1"));
    CHECK(run, cmdline_next(&rest, &word) && is_word(word, "bc"));
    CHECK(run, cmdline_next(&rest, &word) && is_word(word, "d"));
    CHECK(run, !cmdline_next(&rest, &word));
    CHECK(run, !cmdline_next(&rest, &word));
    rest = word_of(" \r\n");
    CHECK(run, !cmdline_next(&rest, &word));
}

// The byte behind the last one is not read: the command line need not end with a NUL.
static void a_word_ends_with_the_line(struct suite_run *run)
{
    struct cmdline_word rest = {"abcd", 2};
    struct cmdline_word word;

    CHECK(run, cmdline_next(&rest, &word) && is_word(word, "ab"));
    CHECK(run, !cmdline_next(&rest, &word));
}

static void a_prefix_is_taken_or_nothing_changes(struct suite_run *run)
{
    struct cmdline_word word = word_of("seed=0x10");

    CHECK(run, !cmdline_take(&word, "seeds=") && is_word(word, "seed=0x10"));
    CHECK(run, !cmdline_take(&word, "seed=0x100") && is_word(word, "seed=0x10"));
    CHECK(run, cmdline_take(&word, "seed=") && is_word(word, "0x10"));
    CHECK(run, cmdline_take(&word, "") && is_word(word, "0x10"));
    CHECK(run, cmdline_take(&word, "0x10") && word.length == 0);
    CHECK(run, !cmdline_take(&word, "x"));
}

static void a_name_is_copied_or_nothing_changes(struct suite_run *run)
{
    char name[6] = "same";

    CHECK(run, !cmdline_copy_name(word_of(""), "", name, 5));
    CHECK(run, !cmdline_copy_name(word_of("123456"), "", name, 5));
    CHECK(run, !cmdline_copy_name(word_of("a/b"), "", name, 5));
    CHECK(run, !cmdline_copy_name(word_of("a\xc3\xa4"), "/", name, 5));
    CHECK_TEXT(run, name, "same");
    CHECK(run, cmdline_copy_name(word_of("Z_9.-"), "", name, 5));
    CHECK_TEXT(run, name, "Z_9.-");
    CHECK(run, cmdline_copy_name(word_of("a/b"), "/", name, 5));
    CHECK_TEXT(run, name, "a/b");
}

static void numbers_are_decimal_or_hexadecimal(struct suite_run *run)
{
    static const struct {
        const char *text;
        uint64_t number;
    } good[] = {
        {"0", 0},
        {"007", 7},
        {"0x0", 0},
        {"0xaF9", 0xaf9},
        {"18446744073709551615", UINT64_MAX},
        {"0xffffffffffffffff", UINT64_MAX},
        {"0x0000000000000000000000001", 1},
    };
    static const char *const bad[] = {
        "",
        "0x",
        "-1",
        "+1",
        "1 ",
        "a",
        "0xg",
        "0X1",
        "18446744073709551616",
        "1e3",
        "0x10000000000000000",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t number = UNCHANGED;
        CHECK(run, cmdline_number(word_of(good[i].text), &number));
        CHECK_EQUAL(run, number, good[i].number);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t number = UNCHANGED;
        CHECK(run, !cmdline_number(word_of(bad[i]), &number));
        CHECK_EQUAL(run, number, UNCHANGED);
    }
}

// A line may be a file of any bytes; the console gets none of them that controls it.
static void what_is_not_printable_is_shown_as_question_marks(struct suite_run *run)
{
    static const char bytes[] = "a\x1b[2J\n\x7f\xff ~";
    char text[32];
    struct writer_buffer buffer;
    const struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    cmdline_print(&writer, (struct cmdline_word){bytes, sizeof bytes - 1});
    CHECK_TEXT(run, text, "a?[2J??? ~");
}

static const struct suite_case cases[] = {
    SUITE_CASE(any_blanks_separate_words),
    SUITE_CASE(a_word_ends_with_the_line),
    SUITE_CASE(a_prefix_is_taken_or_nothing_changes),
    SUITE_CASE(a_name_is_copied_or_nothing_changes),
    SUITE_CASE(numbers_are_decimal_or_hexadecimal),
    SUITE_CASE(what_is_not_printable_is_shown_as_question_marks),
};
const struct suite cmdline_suite = SUITE("cmdline", cases);
