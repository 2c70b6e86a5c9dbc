// SPDX-License-Identifier: MIT
// screen: text on the firmware's framebuffer (GOP), for a machine without a serial port. Pixels are
// only written, never read: reading uncached memory is slow. So nothing scrolls: behind the last
// line comes the first again, and the line after the newest is blank.
#ifndef BOOT_KERNEL_SCREEN_H
#define BOOT_KERNEL_SCREEN_H

#include "boot/handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen {
    volatile uint32_t *pixels; // NULL: there is no screen, and what is written is dropped
    uint32_t pixels_per_line;
    uint32_t columns, rows; // of characters
    uint32_t column, row;   // of the next one
};

// Opens a screen on a framebuffer that is mapped, uncached, at `pixels`, and clears it. False iff
// it is too small for a character, its lines do not fit its size, or the font is no PSF of
// version 1, eight pixels wide.
bool screen_open(struct screen *screen, const struct handoff_framebuffer *framebuffer,
                 volatile void *pixels);

// Writes text at the cursor; \n begins a new line, other control characters are blanks. `context`
// is the screen; the signature is that of struct writer.
void screen_write(void *context, const char *text, size_t length);

#endif
