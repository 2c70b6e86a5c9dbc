// SPDX-License-Identifier: MIT
// requests: what the loader reads of the command line, which is otherwise the kernel's. Pure C
// without firmware types, so that it runs on the host too.
//
//     module=NAME   read this further file, from beside the kernel file, and hand it over; again
//                   for another one. 1 to 39 characters of A-Z a-z 0-9 _ . - /
//     seed=N        put the kernel at a place drawn at random by this number, decimal or 0x…; the
//                   same number and the same machine give the same place
//     seed=random   draw the number, too
#ifndef BOOT_LOADER_REQUESTS_H
#define BOOT_LOADER_REQUESTS_H

#include "boot/handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUESTS_MODULES_MAX 16u

enum requests_seed {
    REQUESTS_NO_SEED, // the firmware chooses the place
    REQUESTS_SEED,
    REQUESTS_RANDOM_SEED,
};

struct requests {
    char modules[REQUESTS_MODULES_MAX][HANDOFF_MODULE_NAME_MAX + 1]; // NUL-terminated names
    size_t module_count;
    enum requests_seed seed_kind;
    uint64_t seed; // with REQUESTS_SEED
};

// The word that could not be understood, as a part of the text, and what is accepted.
struct requests_defect {
    const char *word;
    size_t length;
    const char *advice;
};

// Reads the loader's words of `text`, `length` bytes, separated by blanks, tabs and line ends, and
// passes over all others. Fails iff one of its own is not understood: false, and which.
bool requests_parse(struct requests *requests, const char *text, size_t length,
                    struct requests_defect *defect);

enum requests_text {
    REQUESTS_TEXT,
    REQUESTS_NOT_TEXT, // an odd number of bytes, or characters that no text has
    REQUESTS_TOO_LONG,
};

// Makes a command line of UEFI load options, `size` bytes of UCS-2 up to a NUL if there is one,
// and says in `length` how many bytes of `line` it took, at most `most`. A first word that ends in
// ".efi" is the shell's name for the application and left out. What is not ASCII becomes a '?'.
enum requests_text requests_line_from_options(const void *options, size_t size, char *line,
                                              size_t most, size_t *length);

#endif
