// SPDX-License-Identifier: MIT
// The decorator of free_lists.h.
#include "free_lists.h"

#include "fba_account.h"

#define STEP 16 // bytes between the smallest classes, and what every block is aligned to
#define GROUP 4 // classes to a power of two

// Bytes of a class: 16, 32, 48, 64; 80, 96, 112, 128; 160, 192, 224, 256; ...
static size_t size_of_class(size_t class)
{
    size_t group = class / GROUP, place = class % GROUP + 1;

    return group == 0 ? place * STEP : (GROUP + place) * STEP << (group - 1);
}

// The smallest class that a size fits into; FREE_LISTS_CLASSES: none. From the second group on the
// leading bits of the size below are those of the class.
static size_t class_of(size_t size)
{
    size_t steps = size == 0 ? 0 : (size - 1) / STEP;
    size_t shift = 0;

    while (steps >> shift >= 2 * GROUP)
        shift++;
    size_t class = shift * GROUP + (steps >> shift);
    return class < FREE_LISTS_CLASSES ? class : FREE_LISTS_CLASSES;
}

// What a block of this size takes.
static size_t rounded(size_t size)
{
    size_t class = class_of(size);

    return class < FREE_LISTS_CLASSES ? size_of_class(class) : size;
}

static bool is_power_of_two(size_t align)
{
    return align != 0 && !fba_has_several_bits_(align);
}

static size_t at_least_step(size_t align)
{
    return align < STEP ? STEP : align;
}

void free_lists_init(struct free_lists *lists, struct fba *fba)
{
    *lists = (struct free_lists){.fba = fba};
}

static void *next_of(const void *block)
{
    return *(void *const *)block;
}

// Whether the next block that waits in a list lies at a multiple of `align`.
static bool has_block(const struct free_lists *lists, size_t class, size_t align)
{
    return lists->heads[class] && ((uintptr_t)lists->heads[class] & (align - 1)) == 0;
}

static void *free_lists_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct free_lists *lists = context;
    size_t class = class_of(size);

    if (!is_power_of_two(align) || class == FREE_LISTS_CLASSES)
        return fba_alloc_by(lists->fba, size, align, caller);
    if (!has_block(lists, class, align))
        return fba_alloc_by(lists->fba, size_of_class(class), at_least_step(align), caller);

    void *block = lists->heads[class];
    lists->heads[class] = next_of(block);
    lists->waiting -= size_of_class(class);
    return block;
}

static bool free_lists_resize(void *context, void *block, size_t old_size, size_t new_size,
                              size_t align, const void *caller)
{
    const struct free_lists *lists = context;
    size_t before = rounded(old_size), after = rounded(new_size);

    (void)align;
    (void)caller;
    return after == before || fba_resize(lists->fba, block, before, after) == FBA_OK;
}

static void free_lists_free_block(void *context, void *block, size_t size, size_t align,
                                  const void *caller)
{
    struct free_lists *lists = context;
    size_t class = class_of(size);
    enum fba_status status = fba_free(lists->fba, block, rounded(size));

    (void)align;
    (void)caller;
    if (class == FREE_LISTS_CLASSES ||
        (status != FBA_NOT_LAST && status != FBA_PROTECTED && status != FBA_PERMANENT))
        return;
    *(void **)block = lists->heads[class];
    lists->heads[class] = block;
    lists->waiting += size_of_class(class);
}

void free_lists_forget(struct free_lists *lists)
{
    for (size_t class = 0; class < FREE_LISTS_CLASSES; class ++) {
        void **link = &lists->heads[class];

        while (*link) {
            if ((uintptr_t)*link <= lists->fba->lower.edge) {
                link = (void **)*link;
                continue;
            }
            *link = next_of(*link);
            lists->waiting -= size_of_class(class);
        }
    }
}

// The largest class that is waiting, or that the fba has room for.
static size_t free_lists_available(void *context, size_t align)
{
    const struct free_lists *lists = context;
    size_t room = fba_available(lists->fba, at_least_step(align));

    if (!is_power_of_two(align))
        return 0;
    if (class_of(room) == FREE_LISTS_CLASSES)
        return room;
    for (size_t class = FREE_LISTS_CLASSES; class -- > 0;)
        if (has_block(lists, class, align) || size_of_class(class) <= room)
            return size_of_class(class);
    return 0;
}

struct allocator free_lists_allocator(struct free_lists *lists)
{
    static const struct allocator_operations operations = {
        free_lists_alloc, free_lists_resize, free_lists_free_block, free_lists_available};

    return (struct allocator){&operations, lists};
}
