// SPDX-License-Identifier: MIT
// The font of screen.c: a file that the Makefile unpacks from the distribution's package.

    .section .rodata
    .globl screen_font, screen_font_end
screen_font:
    .incbin "build/font.psf"
screen_font_end:

    .section .note.GNU-stack, "", @progbits
