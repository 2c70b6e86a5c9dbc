// SPDX-License-Identifier: MIT
// What kmem/writer.h promises.
#include "tests/suites/suite.h"

static char text[128];
static struct writer_buffer buffer;

static void numbers_are_written_as_printf_would(struct suite_run *run)
{
    struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    writer_print(&writer, "%d %i %u %x", -12, 0, 34u, 0xabcu);
    CHECK_TEXT(run, text, "-12 0 34 abc");
    writer = writer_to_buffer(&buffer, text, sizeof text);
    writer_print(&writer, "%lld %llu %llx", -0x7fffffffffffffffLL - 1, ~0ULL, ~0ULL);
    CHECK_TEXT(run, text, "-9223372036854775808 18446744073709551615 ffffffffffffffff");
    writer = writer_to_buffer(&buffer, text, sizeof text);
    writer_print(&writer, "%lu %zu %ld %zd", 1UL, (size_t)2, -3L, (ptrdiff_t)-4);
    CHECK_TEXT(run, text, "1 2 -3 -4");
}

static void fields_are_padded(struct suite_run *run)
{
    struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    writer_print(&writer, "[%5d][%-5d][%05d][%*u][%*u][%04x]", -42, -42, -42, 3, 7u, 0, 8u, 0x2au);
    CHECK_TEXT(run, text, "[  -42][-42  ][-0042][  7][8][002a]");
    writer = writer_to_buffer(&buffer, text, sizeof text);
    writer_print(&writer, "[%4s][%-4s][%.2s][%.*s]", "ab", "ab", "abc", 1, "abc");
    CHECK_TEXT(run, text, "[  ab][ab  ][ab][a]");
}

static void characters_pointers_and_percent(struct suite_run *run)
{
    struct writer writer = writer_to_buffer(&buffer, text, sizeof text);
    const char *volatile nothing = NULL; // or the compiler warns of it

    writer_print(&writer, "%c %p %% %s", 'x', (void *)0x1f, nothing);
    CHECK_TEXT(run, text, "x 0x1f % (null)");
}

static void what_is_not_understood_is_written_as_it_stands(struct suite_run *run)
{
    static const char *volatile format = "%y, %lllu and %"; // hidden from the compiler's check
    struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    writer_print(&writer, format);
#pragma GCC diagnostic pop
    CHECK_TEXT(run, text, "%y, %lllu and %");
}

static void a_full_buffer_cuts_and_tells_how_much_was_offered(struct suite_run *run)
{
    struct writer writer = writer_to_buffer(&buffer, text, 5);

    writer_print(&writer, "%s", "abcdefgh");
    CHECK_TEXT(run, text, "abcd");
    CHECK_EQUAL(run, buffer.length, 8);
    text[0] = 'q';
    writer = writer_to_buffer(&buffer, text, 0);
    writer_print(&writer, "abc");
    CHECK_EQUAL(run, text[0], 'q');
}

static void without_a_writer_nothing_is_written(struct suite_run *run)
{
    const struct writer *volatile none = NULL;
    const struct writer empty = {NULL, text};

    text[0] = 'q';
    writer_print(none, "%s %d\n", "abc", 1);
    writer_print(&empty, "%s %d\n", "abc", 1);
    CHECK_EQUAL(run, text[0], 'q');
}

static const struct suite_case cases[] = {
    SUITE_CASE(numbers_are_written_as_printf_would),
    SUITE_CASE(fields_are_padded),
    SUITE_CASE(characters_pointers_and_percent),
    SUITE_CASE(what_is_not_understood_is_written_as_it_stands),
    SUITE_CASE(a_full_buffer_cuts_and_tells_how_much_was_offered),
    SUITE_CASE(without_a_writer_nothing_is_written),
};
const struct suite writer_suite = SUITE("writer", cases);
