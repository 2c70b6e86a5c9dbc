// SPDX-License-Identifier: MIT
// loader_options: the loader's options on the command line, and the command line from UEFI load
// options. The loader passes the whole command line on to the kernel. Pure C without UEFI types.
//
//     module=NAME   load this file, too, and pass it to the kernel; may be given several times.
//                   1 to 39 characters of A-Z a-z 0-9 _ . - /
//     seed=N        KASLR: load the kernel at a random physical address, drawn from this number,
//                   decimal or 0x...; the same number on the same machine gives the same address
//     seed=random   draw the number, too
//     ledger        tell every allocation, a line each: kmem/journal.h
//     loader-fail=N fault injection: fail the loader's Nth allocation from the early heap
#ifndef BOOT_LOADER_LOADER_OPTIONS_H
#define BOOT_LOADER_LOADER_OPTIONS_H

#include "boot/handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOADER_OPTIONS_MODULES_MAX 16u

enum loader_options_seed {
    LOADER_OPTIONS_NO_SEED, // the firmware chooses the address
    LOADER_OPTIONS_SEED,
    LOADER_OPTIONS_RANDOM_SEED,
};

struct loader_options {
    char modules[LOADER_OPTIONS_MODULES_MAX][HANDOFF_MODULE_NAME_MAX + 1]; // NUL-terminated names
    size_t module_count;
    enum loader_options_seed seed_kind;
    bool ledger;
    uint64_t fail; // 0 if not given
    uint64_t seed; // with LOADER_OPTIONS_SEED
};

// An option whose value is rejected: the word, as a part of the command line, and what is accepted.
struct loader_options_defect {
    const char *word;
    size_t length;
    const char *advice;
};

// Reads the loader's options from the command line `text`, `length` bytes, and ignores all other
// words. Returns false, with the defect, iff the value of one of them is rejected; `options` are
// then incomplete. Linear in the length.
bool loader_options_parse(struct loader_options *options, const char *text, size_t length,
                          struct loader_options_defect *defect);

// What UEFI load options hold.
enum loader_options_text {
    LOADER_OPTIONS_TEXT,
    // An odd number of bytes, control characters, or less than half of the characters ASCII: text
    // of another encoding, or none, as boot managers leave it (a GUID, a path of a device).
    LOADER_OPTIONS_NOT_TEXT,
    LOADER_OPTIONS_TOO_LONG, // more than `most` characters
};

// Decodes UEFI load options (UEFI 9.1), `size` bytes of UCS-2 up to a NUL if there is one, to a
// command line of `length` bytes, at most `most`, without a NUL and without a byte order mark. A
// first word that ends in ".efi"
// is the name by which the UEFI shell started the application and is left out. A character that is
// not ASCII becomes '?'. Unless it returns LOADER_OPTIONS_TEXT, `length` is 0. Linear in the size.
enum loader_options_text loader_options_decode(const void *bytes, size_t size, char *line,
                                               size_t most, size_t *length);

#endif
