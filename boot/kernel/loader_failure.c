// SPDX-License-Identifier: MIT
// The record of loader_failure.h.
#include "boot/kernel/loader_failure.h"

_Static_assert(REPORT_HOLDERS == HANDOFF_HOLDERS, "a report has as many holders as the handoff");

// The region as it was, and the request once more: why it failed is worked out by the code that
// failed it. No byte of the region is touched.
static void fail_again(struct report_record *record, const struct handoff *handoff)
{
    const struct handoff_failure *failure = &handoff->failure;
    const struct report report = {.name = "early heap, in the loader"};
    struct fba region;

    (void)fba_init(&region, (void *)handoff->region_virtual, handoff->linked_size);
    (void)fba_alloc(&region, failure->used, 1);
    (void)fba_alloc_by(&region, failure->size, failure->align, (const void *)failure->caller);
    report_keep(record, &report, &region);
}

void loader_failure_keep(struct kernel *kernel)
{
    static struct handoff_failure failure; // a copy, whose names end whatever the loader left
    struct report_record *record = &kernel->failure;

    failure = kernel->handoff->failure;
    failure.what[HANDOFF_HOLDER_NAME_MAX] = '\0';
    fail_again(record, kernel->handoff);
    record->tag = failure.what;
    record->has_ledger = true;
    record->padding = failure.padding;
    record->others = failure.others;
    for (size_t i = 0; i < HANDOFF_HOLDERS && failure.holders[i].size != 0; i++) {
        struct handoff_holder *holder = &failure.holders[i];
        holder->name[HANDOFF_HOLDER_NAME_MAX] = '\0';
        record->holders[record->holder_count++] =
            (struct ledger_holder){.tag = holder->name,
                                   .caller = (const void *)holder->caller,
                                   .size = holder->size,
                                   .blocks = holder->blocks};
    }
}
