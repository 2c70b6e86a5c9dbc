// SPDX-License-Identifier: MIT
// What boot/loader/first_fault.h and late_console.h promise but for the fault itself, which
// tests/scenarios/test_first_fault.py provokes.
#include "boot/loader/first_fault.h"
#include "boot/loader/late_console.h"
#include "tests/loader/suites.h"

#define BASE HANDOFF_IMAGE_BASE
#define PAGE PAGE_SIZE

static const char *place_of(uint64_t address)
{
    static const struct loader loader = {
        .elf = {.start = BASE,
                .region_start = BASE + 6 * PAGE,
                .segments = {{.number = 2,
                              .offset = 0x5000,
                              .file_size = 0x10,
                              .start = BASE + PAGE,
                              .end = BASE + PAGE + 0x20}},
                .segment_count = 1},
        .region_size = 4 * PAGE,
    };
    static char text[128];
    struct writer_buffer buffer;
    const struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    first_fault_print_place(&writer, &loader, address);
    return text;
}

static void a_place_is_told_in_the_terms_of_the_file(struct suite_run *run)
{
    CHECK_TEXT(run, place_of(BASE + PAGE), "in segment 2 of its file (byte 20480)");
    CHECK_TEXT(run, place_of(BASE + PAGE + 0xf), "in segment 2 of its file (byte 20495)");
    CHECK_TEXT(run, place_of(BASE + PAGE + 0x10), "in segment 2 of its file");
    CHECK_TEXT(run, place_of(BASE + 2 * PAGE - 1), "in segment 2 of its file");
    CHECK_TEXT(run, place_of(BASE), "in a hole between its segments");
    CHECK_TEXT(run, place_of(BASE + 2 * PAGE), "in a hole between its segments");
    CHECK_TEXT(run, place_of(BASE + 6 * PAGE), "in the early heap's region");
    CHECK_TEXT(run, place_of(BASE + 10 * PAGE - 1), "in the early heap's region");
    CHECK_TEXT(run, place_of(BASE + 10 * PAGE), "in no segment of its file");
    CHECK_TEXT(run, place_of(BASE - 1), "in no segment of its file");
    CHECK_TEXT(run, place_of(0), "in no segment of its file");
    CHECK_TEXT(run, place_of(UINT64_MAX), "in no segment of its file");
}

static const struct handoff_framebuffer screen = {
    .physical = 0xe0000000,
    .size = 704 * 480 * 4,
    .width = 640,
    .height = 480,
    .pixels_per_line = 704,
};

static void a_screen_is_drawn_on_as_far_as_few_tables_reach(struct suite_run *run)
{
    struct handoff_framebuffer large = screen;
    struct handoff_framebuffer part = late_console_part(&screen);

    CHECK_EQUAL(run, part.size, screen.size);
    CHECK_EQUAL(run, part.height, 480);
    large.pixels_per_line = 4096;
    large.height = 2160;
    large.size = UINT64_C(4096) * 2160 * 4;
    part = late_console_part(&large);
    CHECK_EQUAL(run, part.physical, large.physical);
    CHECK_EQUAL(run, part.height, 512);
    CHECK_EQUAL(run, part.size, UINT64_C(8) << 20);
}

static void a_screen_that_contradicts_itself_is_none(struct suite_run *run)
{
    struct handoff_framebuffer bad = screen;

    CHECK_EQUAL(run, late_console_part(&(struct handoff_framebuffer){0}).size, 0);
    bad.pixels_per_line = 0;
    CHECK_EQUAL(run, late_console_part(&bad).size, 0);
    bad.pixels_per_line = UINT32_MAX;
    CHECK_EQUAL(run, late_console_part(&bad).size, 0);
    bad = screen;
    bad.size--;
    CHECK_EQUAL(run, late_console_part(&bad).size, 0);
    bad = screen;
    bad.physical = UINT64_MAX - bad.size + 1;
    CHECK_EQUAL(run, late_console_part(&bad).size, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_place_is_told_in_the_terms_of_the_file),
    SUITE_CASE(a_screen_is_drawn_on_as_far_as_few_tables_reach),
    SUITE_CASE(a_screen_that_contradicts_itself_is_none),
};
const struct suite first_fault_suite = SUITE("first_fault", cases);
