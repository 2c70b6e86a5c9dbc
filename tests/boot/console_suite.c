// SPDX-License-Identifier: MIT
// What boot/console/console.h promises: text goes to every device, one of each kind.
#include "boot/console/console_log.h"
#include "tests/boot/suites.h"

static char texts[2][64];
static struct writer_buffer buffers[2];
static struct console console;

static struct console_device device(const char *name, uint64_t address, size_t number)
{
    struct writer writer = writer_to_buffer(&buffers[number], texts[number], sizeof texts[number]);

    return (struct console_device){name, address, writer.write, writer.context};
}

static void text_goes_to_every_device(struct suite_run *run)
{
    console_init(&console);
    writer_print(&console.writer, "unheard");
    const struct console_device first = device("first", 0x3f8, 0);
    const struct console_device second = device("second", 0, 1);
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    writer_print(&console.writer, "on:");
    console_list(&console);
    CHECK_TEXT(run, texts[0], "on: first 0x3f8, second");
    CHECK_TEXT(run, texts[1], "on: first 0x3f8, second");
}

static void messages_of_the_loglevel_and_above_are_left_out(struct suite_run *run)
{
    const struct console_device only = device("only", 0, 0);

    console_init(&console);
    CHECK(run, console_set(&console, &only));
    CHECK(run, console_prints(&console, CONSOLE_INFO));
    CHECK(run, !console_prints(&console, CONSOLE_DEBUG));
    writer_print(console_at(&console, CONSOLE_INFO), "a");
    writer_print(console_at(&console, CONSOLE_DEBUG), "b");
    console.loglevel = CONSOLE_LOGLEVEL_MAX;
    writer_print(console_at(&console, CONSOLE_DEBUG), "c");
    console.loglevel = CONSOLE_INFO;
    writer_print(console_at(&console, CONSOLE_INFO), "d");
    writer_print(&console.writer, "e");
    CHECK_TEXT(run, texts[0], "ace");
}

static void a_device_takes_the_place_of_its_kind(struct suite_run *run)
{
    const struct console_device first = device("port", 1, 0);
    const struct console_device second = device("port", 2, 1);

    console_init(&console);
    CHECK(run, !console_find(&console, "port"));
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    CHECK_EQUAL(run, console.count, 1);
    CHECK_EQUAL(run, console_find(&console, "port")->address, 2);
    writer_print(&console.writer, "here");
    CHECK_TEXT(run, texts[0], "");
    CHECK_TEXT(run, texts[1], "here");
}

static void a_removed_device_gets_no_text(struct suite_run *run)
{
    const struct console_device first = device("first", 0, 0);
    const struct console_device second = device("second", 0, 1);

    console_init(&console);
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    console_remove(&console, "first");
    console_remove(&console, "third");
    writer_print(&console.writer, "here");
    CHECK_TEXT(run, texts[0], "");
    CHECK_TEXT(run, texts[1], "here");
}

static void there_is_room_for_so_many_devices(struct suite_run *run)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};

    console_init(&console);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct console_device added = device(names[i], 0, 0);
        CHECK_EQUAL(run, console_set(&console, &added), i < CONSOLE_DEVICES_MAX);
    }
    const struct console_device known = device("b", 7, 1);
    CHECK(run, console_set(&console, &known));
    CHECK_EQUAL(run, console.count, CONSOLE_DEVICES_MAX);
}

static void a_log_keeps_what_a_later_device_gets(struct suite_run *run)
{
    static struct console_log log;
    const struct console_device kept = console_log_device(&log);
    const struct console_device later = device("later", 0, 0);

    console_init(&console);
    console_set(&console, &kept);
    writer_print(&console.writer, "one ");
    writer_print(&console.writer, "two");
    console_log_replay(&log, &later);
    CHECK_TEXT(run, texts[0], "one two");
    log.length = CONSOLE_LOG_SIZE - 1;
    writer_print(&console.writer, "xyz");
    CHECK_EQUAL(run, log.length, CONSOLE_LOG_SIZE);
    CHECK_EQUAL(run, log.dropped, 2);
    console_log_replay(&log, &later);
    CHECK_EQUAL(run, log.length + log.dropped, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(text_goes_to_every_device),
    SUITE_CASE(messages_of_the_loglevel_and_above_are_left_out),
    SUITE_CASE(a_device_takes_the_place_of_its_kind),
    SUITE_CASE(a_removed_device_gets_no_text),
    SUITE_CASE(there_is_room_for_so_many_devices),
    SUITE_CASE(a_log_keeps_what_a_later_device_gets),
};
const struct suite console_suite = SUITE("console", cases);
