// SPDX-License-Identifier: MIT
// The decorator of reclaim.h.
#include "reclaim.h"

#include "fba_account.h"

void *memmove(void *to, const void *from, size_t size);

void reclaim_init(struct reclaim *reclaim, struct fba *fba, struct reclaim_record *records,
                  size_t capacity)
{
    *reclaim = (struct reclaim){.fba = fba, .records = records, .capacity = capacity};
}

void reclaim_forget(struct reclaim *reclaim)
{
    while (reclaim->count > 0 &&
           reclaim->records[reclaim->count - 1].last > reclaim->fba->lower.edge)
        reclaim->count--;
}

// A record is found by the address of its block, so each block needs one of its own.
static size_t at_least_one(size_t size)
{
    return size > 0 ? size : 1;
}

static struct reclaim_record *reclaim_find(struct reclaim *reclaim, const void *block)
{
    for (size_t i = reclaim->count; i > 0; i--)
        if (reclaim->records[i - 1].block == block)
            return &reclaim->records[i - 1];
    return NULL;
}

static void *reclaim_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct reclaim *reclaim = context;
    struct fba *fba = reclaim->fba;
    uintptr_t before = fba->lower.edge;
    void *block = fba_alloc_by(fba, at_least_one(size), align, caller);

    if (block && reclaim->count < reclaim->capacity)
        reclaim->records[reclaim->count++] =
            (struct reclaim_record){block, before, fba->lower.edge};
    return block;
}

static bool reclaim_resize(void *context, void *block, size_t old_size, size_t new_size,
                           size_t align, const void *caller)
{
    struct reclaim *reclaim = context;
    struct fba *fba = reclaim->fba;
    struct reclaim_record *record = reclaim_find(reclaim, block);
    bool was_last = record && record->last == fba->lower.edge;

    (void)align;
    (void)caller;
    if (fba_resize(fba, block, at_least_one(old_size), at_least_one(new_size)) != FBA_OK)
        return false;
    if (was_last)
        record->last = fba->lower.edge;
    return true;
}

// Makes one record of two that touch: the upper one, with the lower one as its padding. Not if the
// lower one lies under a mark, whose end it has to wait for. Returns whether it did.
static bool reclaim_join(struct reclaim *reclaim, size_t upper)
{
    struct reclaim_record *record = &reclaim->records[upper];
    const struct reclaim_record *lower = record - 1;

    if (lower->block || lower->last != record->before || lower->before < reclaim->fba->lower.bound)
        return false;
    record->before = lower->before;
    memmove(record - 1, record, (reclaim->count - upper) * sizeof *record);
    reclaim->count--;
    return true;
}

// Marks a record as given back, and joins it with its neighbours.
static void reclaim_give_back(struct reclaim *reclaim, struct reclaim_record *record)
{
    size_t index = (size_t)(record - reclaim->records);

    record->block = NULL;
    if (index > 0 && reclaim_join(reclaim, index))
        index--;
    if (index + 1 < reclaim->count)
        (void)reclaim_join(reclaim, index + 1);
}

// Gives back the last blocks as long as they are free. A record and its padding are one block to
// the fba.
static void reclaim_free_last(struct reclaim *reclaim)
{
    struct fba *fba = reclaim->fba;

    while (reclaim->count > 0) {
        const struct reclaim_record *record = &reclaim->records[reclaim->count - 1];
        if (record->block ||
            fba_free(fba, (void *)(record->before + 1), record->last - record->before) != FBA_OK)
            return;
        reclaim->count--;
    }
}

static void reclaim_free_block(void *context, void *block, size_t size, size_t align,
                               const void *caller)
{
    struct reclaim *reclaim = context;
    struct reclaim_record *record = reclaim_find(reclaim, block);

    (void)align;
    (void)caller;
    if (record)
        reclaim_give_back(reclaim, record);
    else
        (void)fba_free(reclaim->fba, block, at_least_one(size));
    reclaim_free_last(reclaim);
}

static size_t reclaim_available(void *context, size_t align)
{
    const struct reclaim *reclaim = context;

    return fba_available(reclaim->fba, align);
}

struct allocator reclaim_allocator(struct reclaim *reclaim)
{
    static const struct allocator_operations operations = {reclaim_alloc, reclaim_resize,
                                                           reclaim_free_block, reclaim_available};

    return (struct allocator){&operations, reclaim};
}
