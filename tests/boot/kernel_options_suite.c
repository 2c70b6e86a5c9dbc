// SPDX-License-Identifier: MIT
// What boot/kernel/kernel_options.h promises: known words are read, all others are named.
#include "arch/x86_64/string.h"
#include "boot/kernel/kernel_options.h"
#include "tests/boot/suites.h"

static struct kernel_options options;
static char said[1024];

static size_t length_of(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

static void parse_bytes(const char *text, size_t length)
{
    struct writer_buffer buffer;
    struct writer writer = writer_to_buffer(&buffer, said, sizeof said);

    memset(&options, 0xee, sizeof options);
    kernel_options_parse(&options, text, length, &writer);
}

static void parse(const char *text)
{
    parse_bytes(text, length_of(text));
}

// Whether a complaint names the word, in quotes.
static bool names(const char *word)
{
    size_t length = length_of(word);

    for (const char *at = said; *at != '\0'; at++)
        if (*at == '"' && memcmp(at + 1, word, length) == 0 && at[1 + length] == '"')
            return true;
    return false;
}

static void no_words_leave_the_defaults(struct suite_run *run)
{
    static const char *const texts[] = {"", " ", "\r\n\t \n"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parse(texts[i]);
        CHECK_TEXT(run, options.run, "-");
        CHECK_TEXT(run, options.only, "");
        CHECK_EQUAL(run, options.exit_port, 0);
        CHECK_TEXT(run, said, "");
    }
}

static void known_words_are_read_in_any_order(struct suite_run *run)
{
    parse("ledger");
    CHECK(run, options.ledger);
    CHECK_TEXT(run, said, "");
    parse("ledgers");
    CHECK(run, !options.ledger && names("ledgers"));
    parse("exit-port=0xf4\r\n  only=fba.an_exact_fit_succeeds\trun=Night_7.b-2\n");
    CHECK_TEXT(run, options.run, "Night_7.b-2");
    CHECK_TEXT(run, options.only, "fba.an_exact_fit_succeeds");
    CHECK_EQUAL(run, options.exit_port, 0xf4);
    CHECK_TEXT(run, said, "");
}

static void a_loglevel_is_a_number_up_to_8(struct suite_run *run)
{
    static const char *const bad[] = {"loglevel=", "loglevel=9", "loglevel=-1", "loglevel=all"};

    parse("");
    CHECK_EQUAL(run, options.loglevel, 7);
    parse("loglevel=0");
    CHECK_EQUAL(run, options.loglevel, 0);
    parse("loglevel=8");
    CHECK_EQUAL(run, options.loglevel, 8);
    CHECK_TEXT(run, said, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        CHECK_EQUAL(run, options.loglevel, 7);
        CHECK(run, said[0] != '\0');
    }
}

static void what_becomes_of_a_full_heap_is_one_of_three(struct suite_run *run)
{
    static const char *const bad[] = {"out-of-memory=", "out-of-memory", "out-of-memory=degraded"};

    parse("");
    CHECK_EQUAL(run, options.out_of_memory, KERNEL_STOPS);
    parse("out-of-memory=carry-on");
    CHECK_EQUAL(run, options.out_of_memory, KERNEL_CARRIES_ON);
    parse("out-of-memory=carry-on out-of-memory=degrade");
    CHECK_EQUAL(run, options.out_of_memory, KERNEL_DEGRADES);
    parse("out-of-memory=degrade out-of-memory=stop");
    CHECK_EQUAL(run, options.out_of_memory, KERNEL_STOPS);
    CHECK_TEXT(run, said, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        CHECK_EQUAL(run, options.out_of_memory, KERNEL_STOPS);
        CHECK(run, said[0] != '\0');
    }
}

static void the_last_of_equal_words_counts(struct suite_run *run)
{
    parse("run=one run=two");
    CHECK_TEXT(run, options.run, "two");
    parse("run=one run=not/good");
    CHECK_TEXT(run, options.run, "one");
    CHECK(run, names("run=not/good") || names("not/good"));
}

static void the_text_ends_at_its_length(struct suite_run *run)
{
    parse_bytes("run=abcdef", 7);
    CHECK_TEXT(run, options.run, "abc");
    parse_bytes("run=abc\0only=fba\0", 17);
    CHECK_TEXT(run, options.run, "abc");
    CHECK_TEXT(run, options.only, "fba");
}

static void names_have_a_length_and_an_alphabet(struct suite_run *run)
{
    static const char *const bad[] = {"run=", "run=a/b", "run=a\"b", "run=\x80", "only=", "only=*"};

    parse("run=12345678901234567890123456789012");
    CHECK_TEXT(run, options.run, "12345678901234567890123456789012");
    parse("run=123456789012345678901234567890123");
    CHECK_TEXT(run, options.run, "-");
    CHECK(run, said[0] != '\0');
    parse("run=AZaz09_.-");
    CHECK_TEXT(run, options.run, "AZaz09_.-");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        CHECK_TEXT(run, options.run, "-");
        CHECK_TEXT(run, options.only, "");
        CHECK(run, said[0] != '\0');
    }
}

static void a_port_is_four_hexadecimal_digits_at_most(struct suite_run *run)
{
    static const char *const bad[] = {
        "exit-port=",     "exit-port=0x",        "exit-port=0x0",     "exit-port=f4",
        "exit-port=0xg",  "exit-port=244",       "exit-port=0x10000", "exit-port=0X4",
        "exit-port=0x-1", "exit-port=0x00000f4",
    };

    parse("exit-port=0xffff");
    CHECK_EQUAL(run, options.exit_port, 0xffff);
    parse("exit-port=0x0aF9");
    CHECK_EQUAL(run, options.exit_port, 0xaf9);
    parse("exit-port=0x1");
    CHECK_EQUAL(run, options.exit_port, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        CHECK_EQUAL(run, options.exit_port, 0);
        CHECK(run, said[0] != '\0');
    }
}

static void every_other_word_is_named_and_ignored(struct suite_run *run)
{
    static const char *const strangers[] = {"x", "run", "RUN=a", "quiet", "xrun=a", "="};

    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        parse(strangers[i]);
        CHECK(run, names(strangers[i]));
        CHECK_TEXT(run, options.run, "-");
    }
    parse("one run=7 two");
    CHECK(run, names("one") && names("two") && !names("run=7"));
    CHECK_TEXT(run, options.run, "7");
}

static void the_loaders_words_are_passed_over(struct suite_run *run)
{
    parse("module=initrd run=x seed=random module= seed=7 loader-fail=3");
    CHECK_EQUAL(run, options.fail, 0);
    CHECK_TEXT(run, said, "");
    CHECK_TEXT(run, options.run, "x");
}

static const struct suite_case cases[] = {
    SUITE_CASE(no_words_leave_the_defaults),
    SUITE_CASE(known_words_are_read_in_any_order),
    SUITE_CASE(a_loglevel_is_a_number_up_to_8),
    SUITE_CASE(what_becomes_of_a_full_heap_is_one_of_three),
    SUITE_CASE(the_last_of_equal_words_counts),
    SUITE_CASE(the_text_ends_at_its_length),
    SUITE_CASE(names_have_a_length_and_an_alphabet),
    SUITE_CASE(a_port_is_four_hexadecimal_digits_at_most),
    SUITE_CASE(every_other_word_is_named_and_ignored),
    SUITE_CASE(the_loaders_words_are_passed_over),
};
const struct suite kernel_options_suite = SUITE("kernel_options", cases);
