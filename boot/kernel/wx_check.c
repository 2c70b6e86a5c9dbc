// SPDX-License-Identifier: MIT
// The rule that no frame is writable through one mapping and executable through another, checked
// on the tables that the processor is running on.
#include "boot/kernel/kernel.h"

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

void kernel_check_wx(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    struct walk walk = {.paging = &kernel->paging};

    paging_walk(&kernel->paging, check_range, &walk);
    if (walk.alias.size == 0) {
        writer_print(writer,
                     "kernel: address space: %zu ranges, no frame both writable and executable\n",
                     walk.ranges);
        return;
    }
    writer_print(writer, "kernel: frames executable at 0x%zx are writable at 0x%zx, 0x%llx bytes\n",
                 (size_t)walk.executable.start, (size_t)walk.alias.start,
                 (unsigned long long)walk.alias.size);
    kernel_end(kernel, KERNEL_PANIC);
}
