// SPDX-License-Identifier: MIT
// cmdline: splits a command line into words and reads their values. The loader and the kernel take
// their options from the same command line with these: boot/loader/loader_options.h,
// boot/kernel/kernel_options.h. Pure C, no allocation; every function is linear in the word.
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of the command line, not NUL-terminated.
struct cmdline_word {
    const char *text;
    size_t length; // bytes
};

// Whether a character separates words: blank, tab, CR, LF, NUL.
bool cmdline_is_blank(char c);

// Takes the first word off the front of `rest`. Returns false iff none is left.
bool cmdline_next(struct cmdline_word *rest, struct cmdline_word *word);

// Takes `prefix` off the front of a word. Returns false, and changes nothing, iff the word does not
// begin with it.
bool cmdline_take(struct cmdline_word *word, const char *prefix);

// Copies a name to `to`, which has room for `most` characters and a NUL. Returns false, and changes
// nothing, iff the word is empty, longer than `most`, or has a character other than
// A-Z a-z 0-9 _ . - and those in `others`.
bool cmdline_copy_name(struct cmdline_word word, const char *others, char *to, size_t most);

// Reads a number, decimal or, behind 0x, hexadecimal. Returns false, and changes nothing, iff the
// word is no such number or is 2^64 or more.
bool cmdline_number(struct cmdline_word word, uint64_t *number);

// Writes a word. What is no printable character of ASCII becomes '?', as a file may have any bytes.
void cmdline_print(const struct writer *writer, struct cmdline_word word);

#endif
