// SPDX-License-Identifier: MIT
// journal: a decorator that writes down every call, a line each, so that a program elsewhere can
// replay them: a trace of allocations. It keeps nothing but counters, and allocates nothing.
//
//     PREFIXledger NUMBER KIND FIELDS *CHECKSUM
//
// Numbers are hexadecimal; a block is named by its offset from the start of the buffer. NUMBER
// counts the lines of a journal from 0, and the last line tells how many came before it: a line
// that was lost is noticed. CHECKSUM is the CRC-16 (polynomial 0x1021, start 0xffff) of the text
// from NUMBER to the last field, so that a line that was damaged is noticed too.
//
//     o SIZE BASE USED               the buffer, and how much of it was in use already
//     t TAG                          what is being done, until the next such line; "-": not known
//     a BLOCK SIZE ALIGN CALLER      an allocation; BLOCK is - where it failed
//     r BLOCK OLD NEW ok|failed      a resize
//     f BLOCK SIZE                   a free
//     s BYTES USED                   so many bytes were allocated without this journal; USED is
//                                    where the buffer stands since
//     m USED                         a mark was taken where the buffer stands
//     w USED                         rewound to the innermost mark: what was taken since is gone
//     k USED                         the innermost mark was closed, and what was taken since stays
//     e USED PEAK                    the end
#ifndef KMEM_JOURNAL_H
#define KMEM_JOURNAL_H

#include "allocator.h"
#include "writer.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JOURNAL_TAG_MAX 48 // characters of a tag that are written

struct journal {
    struct allocator inner;
    const struct writer *writer;
    const char *prefix;     // of each line; "" for none
    const char *const *tag; // read at each call: what is being done; NULL: never known
    const char *told;       // the tag of the newest line `t`
    uintptr_t base;         // of the buffer
    size_t lines;           // so far
};

// Opens a journal over `inner`, whose buffer begins at `base` and has `size` bytes, of which `used`
// are in use, and writes its first line. The caller has set writer, prefix and tag.
void journal_open(struct journal *journal, struct allocator inner, uintptr_t base, size_t size,
                  size_t used);

// The journal as an allocator. It must outlive its use. Each call costs what its line costs.
struct allocator journal_allocator(struct journal *journal);

// Writes that `bytes` were allocated past the journal; `used` bytes are in use since.
void journal_note(struct journal *journal, size_t bytes, size_t used);

// Writes that a mark of the allocator below was taken, and that the innermost one was rewound or
// kept. `used` bytes are in use then.
void journal_mark(struct journal *journal, size_t used);
void journal_rewind(struct journal *journal, size_t used);
void journal_keep(struct journal *journal, size_t used);

// Writes the last line. Nothing may be allocated through the journal any more.
void journal_close(struct journal *journal, size_t used, size_t peak);

#ifdef __cplusplus
}
#endif

#endif
