// SPDX-License-Identifier: MIT
// The debug aid of poison.h.
#include "poison.h"

#include "fba_account.h"
#include "pattern.h"

void *memset(void *to, int value, size_t size);

static uintptr_t poison_min_address(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

static uintptr_t poison_max_address(uintptr_t a, uintptr_t b)
{
    return a > b ? a : b;
}

static void poison_fill(uintptr_t start, uintptr_t end)
{
    if (start < end)
        memset((void *)start, POISON_PATTERN, end - start);
}

static void poison_fill_free(const struct poison *poison)
{
    const struct fba *fba = poison->fba;
    uintptr_t start = fba->lower.edge + 1;

    poison_fill(start, poison_min_address(poison->lower_end, fba->upper.edge));
    poison_fill(poison_max_address(poison->upper_start, start), fba->upper.edge);
}

void poison_init(struct poison *poison, struct fba *fba)
{
    *poison = (struct poison){
        .fba = fba, .lower_end = fba->lower.watermark + 1, .upper_start = fba->upper.watermark};
    poison_fill_free(poison);
}

static const void *poison_first_changed(uintptr_t start, uintptr_t end)
{
    return pattern_first_changed((const unsigned char *)start, (const unsigned char *)end,
                                 POISON_PATTERN);
}

// Looks at those of [start, end) that held the pattern while they were free.
static const void *poison_look(struct poison *poison, uintptr_t start, uintptr_t end)
{
    const void *at = poison_first_changed(start, poison_min_address(poison->lower_end, end));

    if (!at)
        at = poison_first_changed(poison_max_address(poison->upper_start, start), end);
    if (at) {
        poison->faults++;
        poison->at = at;
        poison_fill_free(poison);
        if (poison->hook)
            poison->hook(poison, poison->hook_context);
    }
    return at;
}

const void *poison_check(struct poison *poison)
{
    return poison_look(poison, poison->fba->lower.edge + 1, poison->fba->upper.edge);
}

// Looks at the next free bytes, but for those that were never handed out.
static void poison_look_on(struct poison *poison)
{
    const struct fba *fba = poison->fba;
    uintptr_t start = poison_max_address(poison->next, fba->lower.edge + 1);
    uintptr_t end = fba->upper.edge;

    if (start >= poison->lower_end && start < poison->upper_start)
        start = poison->upper_start;
    if (start >= end)
        start = fba->lower.edge + 1;
    if (start < end && end - start > POISON_STEP)
        end = start + POISON_STEP;
    poison->next = end;
    poison_look(poison, start, end);
}

// After an operation: looks at what it handed out, fills what it freed, and looks on. The edges are
// those before it.
static void poison_settle(struct poison *poison, uintptr_t lower, uintptr_t upper)
{
    const struct fba *fba = poison->fba;

    poison_look(poison, lower + 1, fba->lower.edge + 1);
    poison_fill(fba->lower.edge + 1, lower + 1);
    poison_fill(upper, fba->upper.edge);
    poison->lower_end = poison_max_address(poison->lower_end, lower + 1);
    poison->upper_start = poison_min_address(poison->upper_start, upper);
    poison_look_on(poison);
}

enum fba_status poison_free(struct poison *poison, void *block, size_t size)
{
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    enum fba_status status = fba_free(poison->fba, block, size);

    poison_settle(poison, lower, upper);
    return status;
}

enum fba_status poison_scratch_free(struct poison *poison, void *block, size_t size)
{
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    enum fba_status status = fba_scratch_free(poison->fba, block, size);

    poison_settle(poison, lower, upper);
    return status;
}

enum fba_status poison_rewind(struct poison *poison, struct fba_mark *mark)
{
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    enum fba_status status = fba_rewind(poison->fba, mark);

    poison_settle(poison, lower, upper);
    return status;
}

enum fba_status poison_reset(struct poison *poison)
{
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    enum fba_status status = fba_reset(poison->fba);

    poison_settle(poison, lower, upper);
    return status;
}

static void *poison_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct poison *poison = context;
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    void *block = fba_alloc_by(poison->fba, size, align, caller);

    poison_settle(poison, lower, upper);
    return block;
}

static bool poison_resize(void *context, void *block, size_t old_size, size_t new_size,
                          size_t align, const void *caller)
{
    struct poison *poison = context;
    uintptr_t lower = poison->fba->lower.edge, upper = poison->fba->upper.edge;
    enum fba_status status = fba_resize(poison->fba, block, old_size, new_size);

    (void)align;
    (void)caller;
    poison_settle(poison, lower, upper);
    return status == FBA_OK;
}

static void poison_free_block(void *context, void *block, size_t size, size_t align,
                              const void *caller)
{
    (void)align;
    (void)caller;
    (void)poison_free(context, block, size);
}

static size_t poison_available(void *context, size_t align)
{
    const struct poison *poison = context;

    return fba_available(poison->fba, align);
}

struct allocator poison_allocator(struct poison *poison)
{
    static const struct allocator_operations operations = {poison_alloc, poison_resize,
                                                           poison_free_block, poison_available};

    return (struct allocator){&operations, poison};
}
