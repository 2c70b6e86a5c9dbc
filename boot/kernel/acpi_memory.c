// SPDX-License-Identifier: MIT
// The two ways of acpi_memory.h.
#include "boot/kernel/acpi_memory.h"

#include "boot/range.h"

// Whether all of [address, address + size) is in the direct map, and not something else that lies
// behind it in the address space.
static bool is_in_direct_map(const struct paging *paging, uint64_t address, uint64_t size)
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

static const void *read(void *context, uint64_t address, size_t size)
{
    struct acpi_reader *reader = context;
    const struct paging *paging = reader->devices->paging;
    const void *mapped = NULL;

    if (is_in_direct_map(paging, address, size))
        return (const void *)(paging->direct_map + (uintptr_t)address);
    enum paging_status status =
        device_map_read_only(reader->devices, physical(address), size, &mapped);
    reader->out_of_tables = reader->out_of_tables || status == PAGING_NO_MEMORY;
    return status == PAGING_OK ? mapped : NULL;
}

struct acpi_memory acpi_reader_memory(struct acpi_reader *reader)
{
    return (struct acpi_memory){read, reader};
}
