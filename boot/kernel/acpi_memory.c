// SPDX-License-Identifier: MIT
// The two ways of acpi_memory.h.
#include "boot/kernel/acpi_memory.h"

#include "boot/direct_map.h"

static const void *read(void *context, uint64_t address, size_t size)
{
    struct acpi_reader *reader = context;
    const struct paging *paging = reader->devices->paging;
    const void *mapped = NULL;

    if (direct_map_has(paging, address, size))
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
