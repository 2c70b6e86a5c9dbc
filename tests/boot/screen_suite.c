// SPDX-License-Identifier: MIT
// What boot/console/screen.h promises, on a framebuffer of the test's own.
#include "boot/console/screen.h"
#include "tests/boot/suites.h"

#define COLUMNS 3
#define ROWS 4
#define GLYPH_WIDTH 8
#define GLYPH_HEIGHT 16
#define PIXELS_PER_LINE (COLUMNS * GLYPH_WIDTH + 5) // lines may be longer than they are wide
#define HEIGHT (ROWS * GLYPH_HEIGHT + 3)            // and a part of a row is left over
#define TEXT_SIZE (ROWS * (COLUMNS + 1))
#define DIRT UINT32_C(0x123456)
#define WHITE UINT32_C(0xffffff)

extern const unsigned char screen_font[];

static uint32_t pixels[HEIGHT * PIXELS_PER_LINE];
static char text[TEXT_SIZE], moved[TEXT_SIZE];
static struct screen screen;

static struct handoff_framebuffer framebuffer(void)
{
    return (struct handoff_framebuffer){
        .physical = 0,
        .size = sizeof pixels,
        .width = COLUMNS * GLYPH_WIDTH,
        .height = HEIGHT,
        .pixels_per_line = PIXELS_PER_LINE,
        .red_mask = 0xff0000,
        .green_mask = 0xff00,
        .blue_mask = 0xff,
        .reserved_mask = 0xff000000,
    };
}

static void dirty(uint32_t *start, size_t count)
{
    for (size_t i = 0; i < count; i++)
        start[i] = DIRT;
}

static enum screen_status open_with(struct handoff_framebuffer described, size_t text_size)
{
    dirty(pixels, sizeof pixels / sizeof pixels[0]);
    return screen_open(&screen, &described, pixels, text, text_size);
}

static bool open(void)
{
    return open_with(framebuffer(), TEXT_SIZE) == SCREEN_OK;
}

static void write(const char *line)
{
    size_t length = 0;

    while (line[length] != '\0')
        length++;
    screen_write(&screen, line, length);
}

static uint32_t *line_of(uint32_t column, uint32_t row, uint32_t y)
{
    return &pixels[(row * GLYPH_HEIGHT + y) * PIXELS_PER_LINE + column * GLYPH_WIDTH];
}

// Whether the cell shows this character in this colour, and nothing else but black.
static bool shows_in(uint32_t column, uint32_t row, char c, uint32_t ink)
{
    const unsigned char *glyph = screen_font + 4 + (size_t)c * GLYPH_HEIGHT;

    for (uint32_t y = 0; y < GLYPH_HEIGHT; y++)
        for (uint32_t x = 0; x < GLYPH_WIDTH; x++)
            if (line_of(column, row, y)[x] != (glyph[y] & (0x80u >> x) ? ink : 0))
                return false;
    return true;
}

static bool row_shows(uint32_t row, const char *line)
{
    for (uint32_t column = 0; column < COLUMNS; column++)
        if (!shows_in(column, row, line[column], WHITE))
            return false;
    return true;
}

static void an_opened_screen_is_blank_and_touches_nothing_beside_it(struct suite_run *run)
{
    CHECK(run, open());
    CHECK_EQUAL(run, screen.columns, COLUMNS);
    CHECK_EQUAL(run, screen.rows, ROWS);
    for (uint32_t row = 0; row < ROWS; row++)
        CHECK(run, row_shows(row, "   "));
    write("1\n2\n3\n4\n5 \t\n");
    CHECK_EQUAL(run, pixels[COLUMNS * GLYPH_WIDTH], DIRT);
    CHECK_EQUAL(run, pixels[ROWS * GLYPH_HEIGHT * PIXELS_PER_LINE], DIRT);
}

static void text_is_drawn_where_it_belongs(struct suite_run *run)
{
    CHECK(run, open());
    write("Ag\n#");
    CHECK(run, row_shows(0, "Ag "));
    CHECK(run, row_shows(1, "#  "));
}

static void what_is_not_ascii_is_blank(struct suite_run *run)
{
    CHECK(run, open());
    write("\x1b\xc3~");
    CHECK(run, row_shows(0, "  ~"));
}

static void a_long_line_goes_on_in_the_next(struct suite_run *run)
{
    CHECK(run, open());
    write("abcde");
    CHECK(run, row_shows(0, "abc"));
    CHECK(run, row_shows(1, "de "));
}

static void behind_the_last_row_the_text_scrolls_by_half_a_screen(struct suite_run *run)
{
    CHECK(run, open());
    write("1a\n2\n\n4\n5");
    CHECK(run, row_shows(0, "   "));
    CHECK(run, row_shows(1, "4  "));
    CHECK(run, row_shows(2, "5  "));
    CHECK(run, row_shows(3, "   "));
    write("\n6\n7");
    CHECK(run, row_shows(0, "5  "));
    CHECK(run, row_shows(1, "6  "));
    CHECK(run, row_shows(2, "7  "));
    CHECK(run, row_shows(3, "   "));
}

static void only_what_changes_is_drawn(struct suite_run *run)
{
    CHECK(run, open());
    write("ab\nx\nac");
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t y = 0; y < GLYPH_HEIGHT; y++)
            dirty(line_of(0, row, y), GLYPH_WIDTH);
    write("\nd\n");
    CHECK_EQUAL(run, *line_of(0, 0, GLYPH_HEIGHT / 2), DIRT); // "a" before and after
    CHECK(run, shows_in(1, 0, 'c', WHITE));
    CHECK(run, shows_in(1, 1, ' ', WHITE));
    CHECK_EQUAL(run, *line_of(0, 3, 0), DIRT); // above all ink
}

static void a_status_stays_in_the_last_row(struct suite_run *run)
{
    CHECK(run, open());
    write("1\n2\n3\n4");
    screen_set_status(&screen, "s1"); // the text makes room for it
    CHECK_EQUAL(run, screen.rows, ROWS - 1);
    CHECK(run, row_shows(0, "3  "));
    CHECK(run, row_shows(1, "4  "));
    CHECK(run, row_shows(ROWS - 1, "s1 "));
    write("\n5\n6");
    CHECK(run, row_shows(0, "4  "));
    CHECK(run, row_shows(1, "5  "));
    CHECK(run, row_shows(2, "6  "));
    dirty(line_of(0, ROWS - 1, 0), GLYPH_WIDTH);
    screen_set_status(&screen, "s2");
    CHECK(run, shows_in(1, ROWS - 1, '2', WHITE));
    CHECK_EQUAL(run, *line_of(0, ROWS - 1, 0), DIRT); // "s" before and after
    screen_set_status(&screen, "long");
    CHECK(run, shows_in(1, ROWS - 1, '2', WHITE));
    screen.pixels = NULL;
    screen_set_status(&screen, "s3");
    screen_move(&screen, pixels, moved);
    screen_set_status(&screen, "s");
    CHECK(run, shows_in(1, ROWS - 1, ' ', WHITE)); // where it shows the 2
}

static void a_status_needs_a_screen_of_three_rows(struct suite_run *run)
{
    CHECK_EQUAL(run, open_with(framebuffer(), 2 * (COLUMNS + 1)), SCREEN_OK);
    screen_set_status(&screen, "s");
    CHECK(run, !screen.has_status && screen.rows == 2);
    CHECK_EQUAL(run, open_with(framebuffer(), 3 * (COLUMNS + 1)), SCREEN_OK);
    write("1");
    screen_set_status(&screen, "s");
    CHECK(run, row_shows(0, "1  ") && row_shows(2, "s  "));
}

static void the_text_goes_on_where_the_screen_is_moved(struct suite_run *run)
{
    CHECK(run, open());
    write("1\n2\n3\n4");
    screen.pixels = NULL;
    write("lost");
    screen_move(&screen, pixels, moved);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = '?';
    write("\n5");
    CHECK(run, row_shows(0, "3  "));
    CHECK(run, row_shows(1, "4  "));
    CHECK(run, row_shows(2, "5  "));
}

static void there_are_as_many_rows_as_there_is_memory_for(struct suite_run *run)
{
    CHECK_EQUAL(run, open_with(framebuffer(), TEXT_SIZE - 1), SCREEN_OK);
    CHECK_EQUAL(run, screen.rows, ROWS - 1);
    CHECK_EQUAL(run, *line_of(0, ROWS - 1, 0), DIRT);
    write("1\n2\n3\n4");
    CHECK(run, row_shows(1, "3  "));
    CHECK(run, row_shows(2, "4  "));
    CHECK_EQUAL(run, open_with(framebuffer(), SIZE_MAX), SCREEN_OK);
    CHECK_EQUAL(run, screen.rows, ROWS);
    CHECK_EQUAL(run, open_with(framebuffer(), 2 * (COLUMNS + 1) - 1), SCREEN_TOO_SMALL);
    CHECK_EQUAL(run, pixels[0], DIRT);
}

static void a_format_is_known_by_its_masks(struct suite_run *run)
{
    struct handoff_framebuffer of_10_bits = framebuffer();
    of_10_bits.red_mask = 0x3ff00000;
    of_10_bits.green_mask = 0xffc00;
    of_10_bits.blue_mask = 0x3ff;
    of_10_bits.reserved_mask = 0;
    CHECK_EQUAL(run, open_with(of_10_bits, TEXT_SIZE), SCREEN_OK);
    write("A");
    CHECK(run, shows_in(0, 0, 'A', 0x3fffffff));

    struct handoff_framebuffer of_16_bits = framebuffer();
    of_16_bits.red_mask = 0xf800;
    of_16_bits.green_mask = 0x7e0;
    of_16_bits.blue_mask = 0x1f;
    of_16_bits.reserved_mask = 0;
    CHECK_EQUAL(run, open_with(of_16_bits, TEXT_SIZE), SCREEN_OTHER_PIXELS);
    CHECK_EQUAL(run, pixels[0], DIRT);
    struct handoff_framebuffer of_24_bits = framebuffer();
    of_24_bits.reserved_mask = 0;
    CHECK_EQUAL(run, open_with(of_24_bits, TEXT_SIZE), SCREEN_OTHER_PIXELS);
    struct handoff_framebuffer colourless = framebuffer();
    colourless.red_mask = colourless.green_mask = colourless.blue_mask = 0;
    CHECK_EQUAL(run, open_with(colourless, TEXT_SIZE), SCREEN_OTHER_PIXELS);
    CHECK_TEXT(run, screen_status_name(SCREEN_OTHER_PIXELS), "its pixels do not have 32 bits each");
}

static void a_framebuffer_that_cannot_be_one_is_rejected(struct suite_run *run)
{
    struct handoff_framebuffer small = framebuffer();
    small.width = GLYPH_WIDTH - 1;
    CHECK_EQUAL(run, open_with(small, TEXT_SIZE), SCREEN_TOO_SMALL);
    struct handoff_framebuffer flat = framebuffer();
    flat.height = 2 * GLYPH_HEIGHT - 1;
    CHECK_EQUAL(run, open_with(flat, TEXT_SIZE), SCREEN_TOO_SMALL);
    struct handoff_framebuffer narrow = framebuffer();
    narrow.pixels_per_line = narrow.width - 1;
    CHECK_EQUAL(run, open_with(narrow, TEXT_SIZE), SCREEN_BAD_SIZE);
    struct handoff_framebuffer cut = framebuffer();
    cut.size--;
    CHECK_EQUAL(run, open_with(cut, TEXT_SIZE), SCREEN_BAD_SIZE);
    struct handoff_framebuffer without_lines = framebuffer();
    without_lines.pixels_per_line = 0;
    CHECK_EQUAL(run, open_with(without_lines, TEXT_SIZE), SCREEN_BAD_SIZE);
    CHECK_EQUAL(run, pixels[0], DIRT);
    write("lost");
    CHECK_EQUAL(run, pixels[0], DIRT);
}

static void the_memory_that_a_text_takes_is_known_beforehand(struct suite_run *run)
{
    const struct handoff_framebuffer good = framebuffer();
    struct handoff_framebuffer cut = good;
    size_t size = 1;

    CHECK_EQUAL(run, screen_check(&good, &size), SCREEN_OK);
    CHECK_EQUAL(run, size, TEXT_SIZE);
    cut.size--;
    CHECK_EQUAL(run, screen_check(&cut, &size), SCREEN_BAD_SIZE);
    CHECK_EQUAL(run, size, 0);
}

static void without_a_screen_text_is_dropped(struct suite_run *run)
{
    screen = (struct screen){0};
    write("no one sees this\n");
    CHECK_EQUAL(run, screen.column, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_opened_screen_is_blank_and_touches_nothing_beside_it),
    SUITE_CASE(text_is_drawn_where_it_belongs),
    SUITE_CASE(what_is_not_ascii_is_blank),
    SUITE_CASE(a_long_line_goes_on_in_the_next),
    SUITE_CASE(behind_the_last_row_the_text_scrolls_by_half_a_screen),
    SUITE_CASE(only_what_changes_is_drawn),
    SUITE_CASE(the_text_goes_on_where_the_screen_is_moved),
    SUITE_CASE(a_status_stays_in_the_last_row),
    SUITE_CASE(a_status_needs_a_screen_of_three_rows),
    SUITE_CASE(there_are_as_many_rows_as_there_is_memory_for),
    SUITE_CASE(a_format_is_known_by_its_masks),
    SUITE_CASE(a_framebuffer_that_cannot_be_one_is_rejected),
    SUITE_CASE(the_memory_that_a_text_takes_is_known_beforehand),
    SUITE_CASE(without_a_screen_text_is_dropped),
};
const struct suite screen_suite = SUITE("screen", cases);
