// SPDX-License-Identifier: MIT
// What boot/kernel/screen.h promises, on a framebuffer of the test's own.
#include "boot/kernel/screen.h"
#include "tests/boot/suites.h"

#define COLUMNS 3
#define ROWS 4
#define GLYPH_WIDTH 8
#define GLYPH_HEIGHT 16
#define PIXELS_PER_LINE (COLUMNS * GLYPH_WIDTH + 5) // lines may be longer than they are wide
#define HEIGHT (ROWS * GLYPH_HEIGHT + 3)            // and a part of a row is left over
#define DIRT UINT32_C(0x123456)

extern const unsigned char screen_font[];

static uint32_t pixels[HEIGHT * PIXELS_PER_LINE];
static struct screen screen;

static struct handoff_framebuffer framebuffer(void)
{
    return (struct handoff_framebuffer){
        .physical = 0,
        .size = sizeof pixels,
        .width = COLUMNS * GLYPH_WIDTH,
        .height = HEIGHT,
        .pixels_per_line = PIXELS_PER_LINE,
    };
}

static bool open(struct handoff_framebuffer described)
{
    for (size_t i = 0; i < sizeof pixels / sizeof pixels[0]; i++)
        pixels[i] = DIRT;
    screen = (struct screen){0};
    return screen_open(&screen, &described, pixels);
}

// Whether the cell shows this character, and nothing but black and white.
static bool shows(uint32_t column, uint32_t row, char c)
{
    const unsigned char *glyph = screen_font + 4 + (size_t)c * GLYPH_HEIGHT;

    for (uint32_t y = 0; y < GLYPH_HEIGHT; y++) {
        for (uint32_t x = 0; x < GLYPH_WIDTH; x++) {
            uint32_t pixel =
                pixels[(row * GLYPH_HEIGHT + y) * PIXELS_PER_LINE + column * GLYPH_WIDTH + x];
            if (pixel != (glyph[y] & (0x80u >> x) ? UINT32_C(0xffffff) : 0))
                return false;
        }
    }
    return true;
}

static bool row_shows(uint32_t row, const char *text)
{
    for (uint32_t column = 0; column < COLUMNS; column++)
        if (!shows(column, row, text[column]))
            return false;
    return true;
}

static void an_opened_screen_is_blank_and_touches_nothing_beside_it(struct suite_run *run)
{
    CHECK(run, open(framebuffer()));
    CHECK_EQUAL(run, screen.columns, COLUMNS);
    CHECK_EQUAL(run, screen.rows, ROWS);
    for (uint32_t row = 0; row < ROWS; row++)
        CHECK(run, row_shows(row, "   "));
    CHECK_EQUAL(run, pixels[COLUMNS * GLYPH_WIDTH], DIRT);
    CHECK_EQUAL(run, pixels[ROWS * GLYPH_HEIGHT * PIXELS_PER_LINE], DIRT);
}

static void text_is_drawn_where_it_belongs(struct suite_run *run)
{
    CHECK(run, open(framebuffer()));
    screen_write(&screen, "Ag\n#", 4);
    CHECK(run, row_shows(0, "Ag "));
    CHECK(run, row_shows(1, "#  "));
}

static void a_long_line_goes_on_in_the_next(struct suite_run *run)
{
    CHECK(run, open(framebuffer()));
    screen_write(&screen, "abcde", 5);
    CHECK(run, row_shows(0, "abc"));
    CHECK(run, row_shows(1, "de "));
}

static void behind_the_last_line_comes_the_first_with_a_blank_one_ahead(struct suite_run *run)
{
    CHECK(run, open(framebuffer()));
    screen_write(&screen, "1\n2\n3\n4\n5", 9);
    CHECK(run, row_shows(0, "5  "));
    CHECK(run, row_shows(1, "   "));
    CHECK(run, row_shows(2, "3  "));
    CHECK(run, row_shows(3, "4  "));
}

static void a_framebuffer_that_cannot_be_one_is_rejected(struct suite_run *run)
{
    struct handoff_framebuffer small = framebuffer();
    small.width = GLYPH_WIDTH - 1;
    CHECK(run, !open(small));
    struct handoff_framebuffer flat = framebuffer();
    flat.height = 2 * GLYPH_HEIGHT - 1;
    CHECK(run, !open(flat));
    struct handoff_framebuffer narrow = framebuffer();
    narrow.pixels_per_line = narrow.width - 1;
    CHECK(run, !open(narrow));
    struct handoff_framebuffer cut = framebuffer();
    cut.size--;
    CHECK(run, !open(cut));
    CHECK_EQUAL(run, pixels[0], DIRT);
}

static void without_a_screen_text_is_dropped(struct suite_run *run)
{
    screen = (struct screen){0};
    screen_write(&screen, "no one sees this\n", 17);
    CHECK_EQUAL(run, screen.column, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_opened_screen_is_blank_and_touches_nothing_beside_it),
    SUITE_CASE(text_is_drawn_where_it_belongs),
    SUITE_CASE(a_long_line_goes_on_in_the_next),
    SUITE_CASE(behind_the_last_line_comes_the_first_with_a_blank_one_ahead),
    SUITE_CASE(a_framebuffer_that_cannot_be_one_is_rejected),
    SUITE_CASE(without_a_screen_text_is_dropped),
};
const struct suite screen_suite = SUITE("screen", cases);
