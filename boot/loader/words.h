// SPDX-License-Identifier: MIT
// words: what the loader reads of the command line, which is otherwise the kernel's. Pure C without
// firmware types, so that it runs on the host too.
//
//     module=NAME   read this further file, from beside the kernel file, and hand it over; again
//                   for another one. 1 to 39 characters of A-Z a-z 0-9 _ . - /
//     seed=N        put the kernel at a place drawn at random by this number, decimal or 0x…; the
//                   same number and the same machine give the same place
//     seed=random   draw the number, too
#ifndef BOOT_LOADER_WORDS_H
#define BOOT_LOADER_WORDS_H

#include "boot/handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MODULES_MAX 16u

enum words_seed {
    WORDS_NO_SEED, // the firmware chooses the place
    WORDS_SEED,
    WORDS_RANDOM_SEED,
};

struct words {
    char modules[WORDS_MODULES_MAX][HANDOFF_MODULE_NAME_MAX + 1]; // NUL-terminated names
    size_t module_count;
    enum words_seed seed_kind;
    uint64_t seed; // with WORDS_SEED
};

// The word that could not be understood, as a part of the text, and what is accepted.
struct words_defect {
    const char *word;
    size_t length;
    const char *advice;
};

// Reads the loader's words of `text`, `length` bytes, separated by blanks, tabs and line ends, and
// passes over all others. Fails iff one of its own is not understood: false, and which.
bool words_parse(struct words *words, const char *text, size_t length, struct words_defect *defect);

enum words_text {
    WORDS_TEXT,
    WORDS_NOT_TEXT, // an odd number of bytes, or characters that no text has
    WORDS_TOO_LONG,
};

// Makes a command line of UEFI load options, `size` bytes of UCS-2 up to a NUL if there is one,
// and says in `length` how many bytes of `line` it took, at most `most`. A first word that ends in
// ".efi" is the shell's name for the application and left out. What is not ASCII becomes a '?'.
enum words_text words_from_options(const void *options, size_t size, char *line, size_t most,
                                   size_t *length);

#endif
