// SPDX-License-Identifier: MIT
// The decorator of unwinding.h.
#include "kmem/unwinding.h"

void unwinding_init(struct unwinding *unwinding, struct fba *fba, struct unwinding_record *records,
                    size_t capacity)
{
    *unwinding = (struct unwinding){.fba = fba, .records = records, .capacity = capacity};
}

void unwinding_forget(struct unwinding *unwinding)
{
    while (unwinding->count > 0 &&
           unwinding->records[unwinding->count - 1].last > unwinding->fba->last)
        unwinding->count--;
}

// A record is found by the address of its block, so each block needs one of its own.
static size_t at_least_one(size_t size)
{
    return size > 0 ? size : 1;
}

static struct unwinding_record *find(struct unwinding *unwinding, const void *block)
{
    for (size_t i = unwinding->count; i > 0; i--) {
        if (unwinding->records[i - 1].block == block)
            return &unwinding->records[i - 1];
    }
    return NULL;
}

static void *alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct unwinding *unwinding = context;
    struct fba *fba = unwinding->fba;
    uintptr_t before = fba->last;
    void *block = fba_alloc_by(fba, at_least_one(size), align, caller);

    if (block && unwinding->count < unwinding->capacity)
        unwinding->records[unwinding->count++] =
            (struct unwinding_record){block, before, fba->last};
    return block;
}

static bool resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                   const void *caller)
{
    struct unwinding *unwinding = context;
    struct fba *fba = unwinding->fba;
    struct unwinding_record *record = find(unwinding, block);
    bool was_last = record && record->last == fba->last;

    (void)align;
    (void)caller;
    if (fba_resize(fba, block, at_least_one(old_size), at_least_one(new_size)) != FBA_OK)
        return false;
    if (was_last)
        record->last = fba->last;
    return true;
}

// Gives back the last blocks as long as they are free. A record and its padding are one block to
// the fba.
static void unwind(struct unwinding *unwinding)
{
    struct fba *fba = unwinding->fba;

    while (unwinding->count > 0) {
        const struct unwinding_record *record = &unwinding->records[unwinding->count - 1];
        if (record->block ||
            fba_free(fba, (void *)(record->before + 1), record->last - record->before) != FBA_OK)
            return;
        unwinding->count--;
    }
}

static void free_block(void *context, void *block, size_t size, size_t align, const void *caller)
{
    struct unwinding *unwinding = context;
    struct unwinding_record *record = find(unwinding, block);

    (void)align;
    (void)caller;
    if (record)
        record->block = NULL;
    else
        (void)fba_free(unwinding->fba, block, at_least_one(size));
    unwind(unwinding);
}

struct allocator unwinding_allocator(struct unwinding *unwinding)
{
    static const struct allocator_operations operations = {alloc, resize, free_block};

    return (struct allocator){&operations, unwinding};
}
