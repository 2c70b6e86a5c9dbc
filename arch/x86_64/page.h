// SPDX-License-Identifier: MIT
// page: the sizes of pages and page frames on x86_64, and rounding to them.
#ifndef ARCH_X86_64_PAGE_H
#define ARCH_X86_64_PAGE_H

#include <stdint.h>

// SDM 3A 4.5: what an entry of a page table, a page directory and a page-directory-pointer table
// maps. A page frame is PAGE_SIZE bytes of physical memory at a multiple of PAGE_SIZE.
#define PAGE_SIZE (UINT64_C(1) << 12)
#define PAGE_SIZE_2M (UINT64_C(1) << 21)
#define PAGE_SIZE_1G (UINT64_C(1) << 30)

// The nearest multiple of `page_size`, one of the above, that is not above or not below `value`.
// Rounding up wraps to 0 in the last page of the 64 bits: the caller excludes it.
static inline uint64_t page_round_down(uint64_t value, uint64_t page_size)
{
    return value & ~(page_size - 1);
}

static inline uint64_t page_round_up(uint64_t value, uint64_t page_size)
{
    return page_round_down(value + (page_size - 1), page_size);
}

#endif
