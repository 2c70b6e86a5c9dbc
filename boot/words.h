// SPDX-License-Identifier: MIT
// words: a command line taken apart. The loader and the kernel each know words of their own and
// read them with these.
#ifndef BOOT_WORDS_H
#define BOOT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of a text, not NUL-terminated.
struct word {
    const char *text;
    size_t length;
};

// Whether it separates words: blank, tab, line end, NUL.
bool words_is_blank(char c);

// Takes the first word off the front of `rest`; false iff there is none.
bool words_next(struct word *rest, struct word *word);

// Takes `name` off the front of a word; false, and nothing has changed, iff it does not begin so.
bool words_take(struct word *word, const char *name);

// Copies a word of 1 to `most` characters, all of A-Z a-z 0-9 _ . - and those in `others`, to `to`,
// with a NUL behind it; false, and nothing has changed, iff it is another.
bool words_copy_name(struct word word, const char *others, char *to, size_t most);

// The number that a word is, in decimal, or hexadecimal behind 0x; false iff it is none below 2^64.
bool words_number(struct word word, uint64_t *number);

#endif
