// SPDX-License-Identifier: MIT
// report: an account of an fba, or of its last failure, through a writer. Readable by a person and
// by a program: one fact a line, `name: value` pairs, sizes in bytes. Allocates nothing, so it
// works in a failure hook and in a panic.
#ifndef KMEM_REPORT_H
#define KMEM_REPORT_H

#include "fba.h"
#include "ledger.h"
#include "writer.h"

#ifdef __cplusplus
extern "C" {
#endif

// What stands before each line, what the allocator is called, and who knows the holders.
struct report {
    const struct writer *writer;
    const char *prefix;          // "" for none
    const char *name;            // of the allocator
    const struct ledger *ledger; // over the permanent end; NULL: holders and padding not known
    size_t requested;            // bytes asked for by blocks that the ledger never saw
};

// The newest failure: what was asked and by whom, why it failed, how much was missing, how full the
// buffer is, who holds the most, and a picture of it.
void report_failure(const struct report *report, const struct fba *fba);

// Where every byte of the buffer is. Open: permanent, scratch, free. Sealed: permanent, given away,
// and what was lost to rounding to whole granules. "padding" is what is permanent and was not asked
// for: alignment, and blocks freed out of order.
void report_account(const struct report *report, const struct fba *fba);

// A line of `columns` characters, each an equal part of the buffer by what most of it is:
// # permanent, . free, s scratch; once sealed - given away, ~ lost to rounding.
void report_picture(const struct report *report, const struct fba *fba, size_t columns);

// Who holds the most, if the ledger is there: at most `most` of them and never more than 8, then a
// line for the others, for what the ledger has no entry of, and for what was there before it. The
// lines add up to what is held.
void report_holders(const struct report *report, size_t most);

#ifdef __cplusplus
}
#endif

#endif
