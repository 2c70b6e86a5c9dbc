// SPDX-License-Identifier: MIT
// The walk of wx_check.h.
#include "boot/kernel/wx_check.h"

struct walk {
    const struct paging *paging;
    struct paging_range executable; // what is being compared with all others
    struct paging_range alias;      // a writable mapping of the same frames; size 0: none
    size_t ranges;
};

static void find_writable_alias(void *context, const struct paging_range *range)
{
    struct walk *walk = context;
    uint64_t start = walk->executable.to.value;

    if (range->writable && range->to.value < start + walk->executable.size &&
        start < range->to.value + range->size)
        walk->alias = *range;
}

static void check_range(void *context, const struct paging_range *range)
{
    struct walk *walk = context;

    walk->ranges++;
    if (!range->executable || walk->alias.size != 0)
        return;
    walk->executable = *range;
    paging_walk(walk->paging, find_writable_alias, walk);
}

bool wx_check(const struct paging *paging, const struct writer *writer)
{
    struct walk walk = {.paging = paging};

    paging_walk(paging, check_range, &walk);
    if (walk.alias.size == 0)
        writer_print(writer,
                     "kernel: address space: %zu ranges, no frame both writable and executable\n",
                     walk.ranges);
    else
        writer_print(writer,
                     "kernel: frames executable at 0x%zx are writable at 0x%zx, 0x%llx bytes\n",
                     (size_t)walk.executable.start, (size_t)walk.alias.start,
                     (unsigned long long)walk.alias.size);
    return walk.alias.size == 0;
}
