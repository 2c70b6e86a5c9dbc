// SPDX-License-Identifier: MIT
// The look into the page tables of direct_map.h.
#include "boot/direct_map.h"

#include "boot/range.h"

bool direct_map_has(const struct paging *paging, uint64_t address, uint64_t size)
{
    struct range pages;

    if (size == 0 || !range_of_pages(&pages, address, size) ||
        pages.end > UINT64_MAX - paging->direct_map)
        return false;
    for (uint64_t page = pages.start; page < pages.end; page += PAGE_SIZE) {
        struct paging_lookup found = paging_lookup(paging, paging->direct_map + page);
        if (!found.present || found.to.value != page)
            return false;
    }
    return true;
}
