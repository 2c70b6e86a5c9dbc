// SPDX-License-Identifier: MIT
// report: an account of an fba, or of a failure, through a writer: as lines for a person, each of
// one fact, and as one line of JSON for a program. Sizes are bytes. Allocates nothing, so it works
// in a failure hook, in a trap and in a panic. A failure can be kept and printed later: before
// there is a console, or until the setting that mends it is known.
#ifndef KMEM_REPORT_H
#define KMEM_REPORT_H

#include "fba.h"
#include "ledger.h"
#include "limit.h"
#include "writer.h"

#ifdef __cplusplus
extern "C" {
#endif

// What stands before each line, what the allocator is called, and who knows the holders. Whatever
// is not set may be NULL or 0.
struct report {
    const struct writer *writer;
    const char *prefix;          // "" or NULL for none
    const char *name;            // of the allocator
    const struct ledger *ledger; // over the permanent end; NULL: holders and padding not known
    size_t requested;            // bytes asked for by blocks that the ledger never saw
    const struct fba *reserve;   // split off the buffer and kept back; NULL: none
    const char *setting; // what makes the failed request succeed, as it is typed; NULL: not known
};

// Why a request failed.
enum report_reason {
    REPORT_NONE, // nothing has failed
    REPORT_EXHAUSTED,
    REPORT_RESERVED,  // exhausted, and it would fit into the reserve
    REPORT_TOO_LARGE, // larger than could ever be served
    REPORT_OVERFLOW,  // count × size is no size
    REPORT_BAD_ALIGNMENT,
    REPORT_NOT_READY,
    REPORT_SEALED,
    REPORT_BUDGET, // the limit of a sub-system, whatever else is free
};

// The name of a reason, in lower case.
const char *report_reason_name(enum report_reason reason);

#define REPORT_HOLDERS 5 // of which a report tells

// A failure with everything that a report says of it. All-zero: none.
struct report_record {
    enum report_reason reason;
    const char *name;
    const char *tag;  // what the ledger says was being done; NULL: not known
    struct fba fba;   // as it was, to be read only; its `failure` is the request
    size_t available; // at that alignment
    size_t missing;   // SIZE_MAX if beyond counting; 0: room is not what was missing
    size_t most;      // too large: what could have been served at that alignment at most
    size_t budget;    // of REPORT_BUDGET: the limit, and what it had given out
    size_t budget_used;
    bool has_ledger; // the rest is known
    size_t padding;  // permanent and not asked for: alignment, and blocks freed out of order
    struct ledger_holder holders[REPORT_HOLDERS]; // the largest first
    size_t holder_count;
    size_t others;                            // held by others than these
    struct ledger_count unrecorded, returned; // of the ledger
    size_t before;                            // report.requested
};
typedef char report_under_pragma_pack_[sizeof(struct report_record) % __alignof__(void *) ? -1 : 1];

// Keeps the newest failure of `fba`, as it is now. Time as ledger_top().
void report_keep(struct report_record *record, const struct report *report, const struct fba *fba);

// The same of the newest failure of a limit.
void report_keep_budget(struct report_record *record, const struct report *report,
                        const struct limit *limit);

// Prints a kept failure in at most 22 lines, of up to 80 columns with a prefix of 9 and names of
// 16: what was asked and by whom, why it failed, how much was missing, how full the buffer was, a
// picture of it, who held the most, what could be given back, and the setting.
void report_print(const struct report *report, const struct report_record *record);

// The same facts in one line: the prefix, `report ` and a JSON object.
void report_print_json(const struct report *report, const struct report_record *record);

// Keeps and prints the newest failure of `fba`.
void report_failure(const struct report *report, const struct fba *fba);

// Where every byte of the buffer is. Open: permanent, scratch, free. Sealed: permanent, given away,
// and what was lost to rounding to whole granules. "padding" is what is permanent and was not asked
// for: alignment, and blocks freed out of order. What the ledger knows to lie elsewhere, as in the
// second allocator of a fallback, is no part of it.
void report_account(const struct report *report, const struct fba *fba);

// A line of `columns` characters, each an equal part of the buffer by what most of it is:
// # permanent, . free, s scratch; once sealed - given away, ~ lost to rounding.
void report_picture(const struct report *report, const struct fba *fba, size_t columns);

// Who holds the most, if the ledger is there: at most `most` of them and never more than 8, then a
// line for the others, for what the ledger has no entry of, for what was given back that is still
// in the lines above, and for what was there before the ledger. The lines add up to what is held.
void report_holders(const struct report *report, size_t most);

#ifdef __cplusplus
}
#endif

#endif
