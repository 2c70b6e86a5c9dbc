// SPDX-License-Identifier: MIT
// screen: text on the firmware's framebuffer (GOP), for a machine without a serial port. Pixels are
// only written, best through a write-combining mapping, and never read, as that is slow: what the
// screen shows is kept as text, and a character is drawn only where it differs from the one that is
// there. Behind the last row the text scrolls by half a screen, so that a line costs little more
// than its own characters.
#ifndef BOOT_CONSOLE_SCREEN_H
#define BOOT_CONSOLE_SCREEN_H

#include "boot/handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_CHARACTERS 128  // ASCII
#define SCREEN_GLYPH_LINES 256 // what eight pixels can look like

enum screen_status {
    SCREEN_OK,
    SCREEN_OTHER_PIXELS, // its pixels do not have 32 bits each, or no colours
    SCREEN_BAD_SIZE,     // its lines do not fit its size
    SCREEN_TOO_SMALL,    // for two rows of text, or the text's memory is
    SCREEN_BAD_FONT,     // the font is no PSF of version 1, eight pixels wide
};

// Rows of pixels [first, end) of a character's glyph that are not blank.
struct screen_ink {
    uint8_t first, end;
};

// Eight pixels beside each other, two in each word.
struct screen_glyph_line {
    uint64_t pairs[4];
};

struct screen {
    unsigned char *pixels;  // NULL: there is no screen, and what is written is dropped
    size_t line_size;       // bytes from one line of pixels to the next
    uint32_t columns, rows; // of characters; without the row of the status
    bool has_status;        // the row behind these shows the status
    uint32_t column, row;   // of the next one: all from there on is blank
    // What the rows show, columns + 1 bytes for each: text up to a NUL, then blanks.
    char *text;
    struct screen_ink ink[SCREEN_CHARACTERS];
    struct screen_glyph_line lines[SCREEN_GLYPH_LINES]; // by the glyph's byte
};

// What a status means, as the end of a sentence about the framebuffer.
const char *screen_status_name(enum screen_status status);

// Whether text can be shown on this framebuffer. Sets `text_size` to the bytes that the text of all
// its rows takes. Constant time.
enum screen_status screen_check(const struct handoff_framebuffer *framebuffer, size_t *text_size);

// Opens a screen on a framebuffer that is mapped at `pixels`, with as many rows as the memory at
// `text` has room for, and clears these. Fails as screen_check() does, and with SCREEN_TOO_SMALL if
// that is not enough for two rows; `screen` is then closed. O(pixels).
enum screen_status screen_open(struct screen *screen, const struct handoff_framebuffer *framebuffer,
                               void *pixels, char *text, size_t text_size);

// Goes on with the same framebuffer, mapped at `pixels`, and with a copy of the text at `text`,
// which has as much memory. The old text must still be there, the old mapping need not.
void screen_move(struct screen *screen, void *pixels, char *text);

// Shows a line of text in the last row, in the place of the one before; the rest of the text
// scrolls above it from the first time on. Only characters that change are drawn. A text that is
// longer than a row is not shown, nor is any on a screen of less than three rows.
void screen_set_status(struct screen *screen, const char *text);

// Writes text at the cursor; \n begins a new line, other control characters are blanks, and so is
// what is not ASCII. `context` is the screen; the signature is that of struct writer.
void screen_write(void *context, const char *text, size_t length);

#endif
