// SPDX-License-Identifier: MIT
// The glyphs of screen.h come from a console font of the distribution, in the file font.S includes.
#include "boot/kernel/screen.h"

// PC Screen Font, version 1: two magic bytes, a mode, a glyph's height; then the glyphs, a byte
// for each line of eight pixels, at least 256 of them, those of ASCII in their own places.
#define PSF1_MAGIC_0 0x36
#define PSF1_MAGIC_1 0x04
#define PSF1_HEIGHT 3
#define PSF1_GLYPHS 4
#define PSF1_GLYPH_COUNT 256u
#define GLYPH_WIDTH 8u

#define INK UINT32_C(0x00ffffff) // white and black are the same in every 32-bit format
#define PAPER UINT32_C(0)

extern const unsigned char screen_font[], screen_font_end[];

static uint32_t glyph_height(void)
{
    return screen_font[PSF1_HEIGHT];
}

static bool has_font(void)
{
    size_t size = (uintptr_t)screen_font_end - (uintptr_t)screen_font;

    return size >= PSF1_GLYPHS && screen_font[0] == PSF1_MAGIC_0 &&
           screen_font[1] == PSF1_MAGIC_1 && glyph_height() != 0 &&
           size >= PSF1_GLYPHS + PSF1_GLYPH_COUNT * glyph_height();
}

static void clear_row(struct screen *screen, uint32_t row)
{
    volatile uint32_t *line =
        screen->pixels + (size_t)row * glyph_height() * screen->pixels_per_line;
    uint32_t width = screen->columns * GLYPH_WIDTH; // in a register, as no store can change it

    for (uint32_t y = 0; y < glyph_height(); y++, line += screen->pixels_per_line)
        for (uint32_t x = 0; x < width; x++)
            line[x] = PAPER;
}

bool screen_open(struct screen *screen, const struct handoff_framebuffer *framebuffer,
                 volatile void *pixels)
{
    uint64_t needed = (uint64_t)framebuffer->pixels_per_line * framebuffer->height * 4;

    if (!has_font() || framebuffer->width < GLYPH_WIDTH ||
        framebuffer->height < 2 * glyph_height() ||
        framebuffer->pixels_per_line < framebuffer->width || needed > framebuffer->size)
        return false;
    *screen = (struct screen){
        .pixels = pixels,
        .pixels_per_line = framebuffer->pixels_per_line,
        .columns = framebuffer->width / GLYPH_WIDTH,
        .rows = framebuffer->height / glyph_height(),
    };
    for (uint32_t row = 0; row < screen->rows; row++)
        clear_row(screen, row);
    return true;
}

static void draw(struct screen *screen, unsigned char c)
{
    const unsigned char *glyph = screen_font + PSF1_GLYPHS + c * glyph_height();
    volatile uint32_t *line = screen->pixels +
                              (size_t)screen->row * glyph_height() * screen->pixels_per_line +
                              screen->column * GLYPH_WIDTH;

    for (uint32_t y = 0; y < glyph_height(); y++, line += screen->pixels_per_line)
        for (uint32_t x = 0; x < GLYPH_WIDTH; x++)
            line[x] = glyph[y] & (0x80u >> x) ? INK : PAPER;
}

// The row has been clear since the line before it began; the one behind it shows where the end is.
static void begin_line(struct screen *screen)
{
    screen->column = 0;
    screen->row = (screen->row + 1) % screen->rows;
    clear_row(screen, (screen->row + 1) % screen->rows);
}

void screen_write(void *context, const char *text, size_t length)
{
    struct screen *screen = context;

    for (size_t i = 0; screen->pixels && i < length; i++) {
        if (text[i] == '\n' || screen->column == screen->columns)
            begin_line(screen);
        if (text[i] == '\n')
            continue;
        draw(screen, text[i] < ' ' ? ' ' : (unsigned char)text[i]);
        screen->column++;
    }
}
