// SPDX-License-Identifier: MIT
// The debug aid of poison.h.
#include "poison.h"

#include "fba_account.h"

void *memset(void *to, int value, size_t size);

static uintptr_t poison_min_address(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

static uintptr_t poison_max_address(uintptr_t a, uintptr_t b)
{
    return a > b ? a : b;
}

static void fill(uintptr_t start, uintptr_t end)
{
    if (start < end)
        memset((void *)start, POISON_PATTERN, end - start);
}

// Fills what is free and was handed out before, up to the watermarks.
static void fill_free(struct poison *poison)
{
    const struct fba *fba = poison->fba;
    uintptr_t start = fba->lower.edge + 1;

    poison->lower_end = poison_min_address(
        poison_max_address(poison->lower_end, fba->lower.watermark + 1), fba->upper.edge);
    poison->upper_start =
        poison_max_address(poison_min_address(poison->upper_start, fba->upper.watermark), start);
    fill(start, poison->lower_end);
    fill(poison->upper_start, fba->upper.edge);
}

void poison_init(struct poison *poison, struct fba *fba)
{
    *poison = (struct poison){.fba = fba, .lower_end = fba->base, .upper_start = fba->end};
    fill_free(poison);
}

static const void *poison_first_changed(uintptr_t start, uintptr_t end)
{
    for (; start < end; start++)
        if (*(const unsigned char *)start != POISON_PATTERN)
            return (const void *)start;
    return NULL;
}

const void *poison_check(struct poison *poison)
{
    const struct fba *fba = poison->fba;
    const void *at = poison_first_changed(fba->lower.edge + 1,
                                          poison_min_address(poison->lower_end, fba->upper.edge));

    if (!at)
        at = poison_first_changed(poison_max_address(poison->upper_start, fba->lower.edge + 1),
                                  fba->upper.edge);
    if (at) {
        poison->faults++;
        poison->at = at;
        fill_free(poison);
        if (poison->hook)
            poison->hook(poison, poison->hook_context);
    }
    return at;
}

static enum fba_status refill(struct poison *poison, enum fba_status status)
{
    if (status == FBA_OK)
        fill_free(poison);
    return status;
}

enum fba_status poison_free(struct poison *poison, void *block, size_t size)
{
    poison_check(poison);
    return refill(poison, fba_free(poison->fba, block, size));
}

enum fba_status poison_scratch_free(struct poison *poison, void *block, size_t size)
{
    poison_check(poison);
    return refill(poison, fba_scratch_free(poison->fba, block, size));
}

enum fba_status poison_rewind(struct poison *poison, struct fba_mark *mark)
{
    poison_check(poison);
    return refill(poison, fba_rewind(poison->fba, mark));
}

enum fba_status poison_reset(struct poison *poison)
{
    poison_check(poison);
    return refill(poison, fba_reset(poison->fba));
}

static void *poison_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct poison *poison = context;

    poison_check(poison);
    return fba_alloc_by(poison->fba, size, align, caller);
}

static bool poison_resize(void *context, void *block, size_t old_size, size_t new_size,
                          size_t align, const void *caller)
{
    struct poison *poison = context;

    (void)align;
    (void)caller;
    poison_check(poison);
    return refill(poison, fba_resize(poison->fba, block, old_size, new_size)) == FBA_OK;
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
