// SPDX-License-Identifier: MIT
// The drawing of screen.h. Its glyphs come from a console font of the distribution, in the file
// that font.S includes.
#include "boot/console/screen.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/string.h"

// PC Screen Font, version 1: two magic bytes, a mode, a glyph's height; then the glyphs, a byte
// for each line of eight pixels, at least 256 of them, those of ASCII in their own places.
#define PSF1_MAGIC_0 0x36
#define PSF1_MAGIC_1 0x04
#define PSF1_HEIGHT 3
#define PSF1_GLYPHS 4
#define PSF1_GLYPH_COUNT 256u
#define GLYPH_WIDTH 8u

#define PIXEL_SIZE 4u
#define PIXEL_BITS 32u
#define GLYPH_LINE (GLYPH_WIDTH * PIXEL_SIZE) // bytes
#define BLANK ' '

// Two neighbours on the framebuffer, stored at once: the widest store that a kernel has which
// leaves the vector registers alone.
typedef uint64_t __attribute__((aligned(4), may_alias)) pixel_pair;

extern const unsigned char screen_font[], screen_font_end[];

static uint32_t glyph_height(void)
{
    return screen_font[PSF1_HEIGHT];
}

static const unsigned char *glyph_of(unsigned char c)
{
    return screen_font + PSF1_GLYPHS + c * glyph_height();
}

static bool has_font(void)
{
    size_t size = (uintptr_t)screen_font_end - (uintptr_t)screen_font;

    return size >= PSF1_GLYPHS && screen_font[0] == PSF1_MAGIC_0 &&
           screen_font[1] == PSF1_MAGIC_1 && glyph_height() != 0 &&
           size >= PSF1_GLYPHS + PSF1_GLYPH_COUNT * glyph_height();
}

const char *screen_status_name(enum screen_status status)
{
    switch (status) {
    case SCREEN_OK:
        return "ok";
    case SCREEN_OTHER_PIXELS:
        return "its pixels do not have 32 bits each";
    case SCREEN_BAD_SIZE:
        return "its lines do not fit its size";
    case SCREEN_TOO_SMALL:
        return "it is too small for two rows of text";
    case SCREEN_BAD_FONT:
        return "the font is no PSF of version 1";
    }
    return "unknown status";
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

// White. Black is 0 in every format.
static uint32_t ink_of(const struct handoff_framebuffer *framebuffer)
{
    return framebuffer->red_mask | framebuffer->green_mask | framebuffer->blue_mask;
}

// The size of a pixel is that of its highest bit (UEFI 12.9.2.1).
static bool has_32_bits(const struct handoff_framebuffer *framebuffer)
{
    return ink_of(framebuffer) != 0 &&
           (ink_of(framebuffer) | framebuffer->reserved_mask) >> (PIXEL_BITS - 8) != 0;
}

// Bytes that the text of so many rows takes.
static size_t text_size_of(const struct handoff_framebuffer *framebuffer, uint32_t rows)
{
    return (size_t)rows * (framebuffer->width / GLYPH_WIDTH + 1);
}

enum screen_status screen_check(const struct handoff_framebuffer *framebuffer, size_t *text_size)
{
    uint64_t line = (uint64_t)framebuffer->pixels_per_line * PIXEL_SIZE;

    *text_size = 0;
    if (!has_font())
        return SCREEN_BAD_FONT;
    if (!has_32_bits(framebuffer))
        return SCREEN_OTHER_PIXELS;
    if (framebuffer->width < GLYPH_WIDTH || framebuffer->height < 2 * glyph_height())
        return SCREEN_TOO_SMALL;
    if (framebuffer->pixels_per_line < framebuffer->width ||
        framebuffer->height > framebuffer->size / line)
        return SCREEN_BAD_SIZE;
    *text_size = text_size_of(framebuffer, framebuffer->height / glyph_height());
    return SCREEN_OK;
}

static struct screen_ink find_ink(unsigned char c)
{
    const unsigned char *glyph = glyph_of(c);
    struct screen_ink ink = {0, (uint8_t)glyph_height()};

    while (ink.first < ink.end && glyph[ink.first] == 0)
        ink.first++;
    while (ink.first < ink.end && glyph[ink.end - 1] == 0)
        ink.end--;
    if (ink.first == ink.end) // none: it begins behind and ends before that of every other
        ink.end = 0;
    return ink;
}

// The left one of two pixels lies at the lower address.
static struct screen_glyph_line glyph_line(unsigned bits, uint64_t ink)
{
    struct screen_glyph_line line;

    for (unsigned i = 0; i < 4; i++) {
        unsigned two = bits >> (6 - 2 * i);
        line.pairs[i] = (two & 2 ? ink : 0) | (two & 1 ? ink << PIXEL_BITS : 0);
    }
    return line;
}

static void prepare_glyphs(struct screen *screen, uint64_t ink)
{
    for (unsigned bits = 0; bits < SCREEN_GLYPH_LINES; bits++)
        screen->lines[bits] = glyph_line(bits, ink);
    for (unsigned char c = 0; c < SCREEN_CHARACTERS; c++)
        screen->ink[c] = find_ink(c);
}

static char *text_of(const struct screen *screen, uint32_t row)
{
    return screen->text + (size_t)row * (screen->columns + 1);
}

static unsigned char *pixels_of(const struct screen *screen, uint32_t row, uint32_t column)
{
    return screen->pixels + (size_t)row * glyph_height() * screen->line_size +
           (size_t)column * GLYPH_LINE;
}

// Makes lines of pixels [first, end) of a row blank, up to a column.
static void clear(const struct screen *screen, uint32_t row, struct screen_ink lines,
                  size_t columns)
{
    unsigned char *line = pixels_of(screen, row, 0) + lines.first * screen->line_size;

    for (uint32_t y = lines.first; y < lines.end; y++, line += screen->line_size)
        memset(line, 0, columns * GLYPH_LINE);
}

enum screen_status screen_open(struct screen *screen, const struct handoff_framebuffer *framebuffer,
                               void *pixels, char *text, size_t text_size)
{
    size_t wanted;
    enum screen_status status = screen_check(framebuffer, &wanted);

    *screen = (struct screen){0};
    if (status != SCREEN_OK)
        return status;
    if (text_size < text_size_of(framebuffer, 2))
        return SCREEN_TOO_SMALL;
    if (text_size > wanted)
        text_size = wanted;
    *screen = (struct screen){
        .pixels = pixels,
        .line_size = (size_t)framebuffer->pixels_per_line * PIXEL_SIZE,
        .columns = framebuffer->width / GLYPH_WIDTH,
        .rows = (uint32_t)(text_size / text_size_of(framebuffer, 1)),
        .text = text,
    };
    prepare_glyphs(screen, ink_of(framebuffer));
    for (uint32_t row = 0; row < screen->rows; row++) {
        clear(screen, row, (struct screen_ink){0, (uint8_t)glyph_height()}, screen->columns);
        text_of(screen, row)[0] = '\0';
    }
    return SCREEN_OK;
}

void screen_move(struct screen *screen, void *pixels, char *text)
{
    memcpy(text, screen->text, (size_t)(screen->rows + screen->has_status) * (screen->columns + 1));
    screen->text = text;
    screen->pixels = pixels;
}

// ── Drawing ─────────────────────────────────────────────────────────────────────────────────────

static const struct screen_ink *ink_of_character(const struct screen *screen, char c)
{
    return &screen->ink[(unsigned char)c];
}

// All lines in which one of the two has ink.
static struct screen_ink either(const struct screen_ink *a, const struct screen_ink *b)
{
    return (struct screen_ink){
        .first = a->first < b->first ? a->first : b->first,
        .end = a->end > b->end ? a->end : b->end,
    };
}

// Draws these lines of a character whose upper left pixel is at `cell`.
static void draw(const struct screen *screen, unsigned char *cell, char c, struct screen_ink lines)
{
    const unsigned char *glyph = glyph_of((unsigned char)c);
    const struct screen_glyph_line *table = screen->lines;
    size_t line_size = screen->line_size;
    unsigned char *line = cell + lines.first * line_size;

    for (uint32_t y = lines.first; y < lines.end; y++, line += line_size) {
        pixel_pair *to = (pixel_pair *)line;
        const struct screen_glyph_line *from = &table[glyph[y]];
        to[0] = from->pairs[0];
        to[1] = from->pairs[1];
        to[2] = from->pairs[2];
        to[3] = from->pairs[3];
    }
}

static void draw_over(const struct screen *screen, unsigned char *cell, char was, char is)
{
    if (was != is)
        draw(screen, cell, is, either(ink_of_character(screen, was), ink_of_character(screen, is)));
}

static void clear_text(const struct screen *screen, uint32_t row)
{
    char *shown = text_of(screen, row);
    struct screen_ink lines = *ink_of_character(screen, BLANK);
    size_t length = 0;

    for (; shown[length] != '\0'; length++)
        lines = either(&lines, ink_of_character(screen, shown[length]));
    clear(screen, row, lines, length);
    shown[0] = '\0';
}

// Makes a row show another text.
static void replace(const struct screen *screen, uint32_t row, const char *text)
{
    unsigned char *cell = pixels_of(screen, row, 0);
    char *shown = text_of(screen, row);

    for (; *text != '\0' && *shown != '\0'; cell += GLYPH_LINE) {
        draw_over(screen, cell, *shown, *text);
        *shown++ = *text++;
    }
    char *end = shown;
    for (; *shown != '\0'; cell += GLYPH_LINE)
        draw_over(screen, cell, *shown++, BLANK);
    for (; *text != '\0'; cell += GLYPH_LINE) {
        draw_over(screen, cell, BLANK, *text);
        *end++ = *text++;
    }
    *end = '\0';
}

static void scroll(struct screen *screen)
{
    uint32_t by = screen->rows / 2;

    for (uint32_t row = 0; row < screen->rows - by; row++)
        replace(screen, row, text_of(screen, row + by));
    for (uint32_t row = screen->rows - by; row < screen->rows; row++)
        clear_text(screen, row);
    screen->row -= by;
}

// Takes the last row out of the text.
static void reserve_status(struct screen *screen)
{
    if (screen->row == screen->rows - 1)
        scroll(screen);
    screen->rows--;
    screen->has_status = true;
}

void screen_set_status(struct screen *screen, const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    if (!screen->pixels || length > screen->columns || (!screen->has_status && screen->rows < 3))
        return;
    if (!screen->has_status)
        reserve_status(screen);
    replace(screen, screen->rows, text);
    cpu_store_fence();
}

static void begin_line(struct screen *screen)
{
    screen->column = 0;
    screen->row++;
    if (screen->row == screen->rows)
        scroll(screen);
}

// Writes what fits into the row, up to the end of the line. Returns how much that was.
static size_t write_part(struct screen *screen, const char *text, size_t length)
{
    unsigned char *cell = pixels_of(screen, screen->row, screen->column);
    char *shown = text_of(screen, screen->row) + screen->column;
    size_t room = screen->columns - screen->column;
    size_t i = 0;

    for (; i < length && i < room && text[i] != '\n'; i++, cell += GLYPH_LINE) {
        unsigned char byte = (unsigned char)text[i];
        shown[i] = text[i];
        if (byte < BLANK || byte >= SCREEN_CHARACTERS)
            shown[i] = BLANK;
        draw(screen, cell, shown[i], *ink_of_character(screen, shown[i]));
    }
    shown[i] = '\0';
    screen->column += (uint32_t)i;
    return i;
}

void screen_write(void *context, const char *text, size_t length)
{
    struct screen *screen = context;

    while (screen->pixels && length > 0) {
        size_t taken = write_part(screen, text, length);
        if (taken < length) {
            begin_line(screen);
            if (text[taken] == '\n')
                taken++;
        }
        text += taken;
        length -= taken;
    }
    if (screen->pixels)
        cpu_store_fence(); // the framebuffer is write-combining: a halted machine shows all of it
}
