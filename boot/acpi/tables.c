// SPDX-License-Identifier: MIT
// The walk of tables.h: root pointer, root table, each table.
#include "boot/acpi/tables.h"

// Root pointer, ACPI 5.2.5.3: revision 0 ends after the first 20 bytes.
#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_SIZE 20
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24

// Header of every table, ACPI 5.2.6.
#define HEADER_LENGTH 4

// Bytes of an entry of each root table, ACPI 5.2.7 and 5.2.8.
#define RSDT_ENTRY 4
#define XSDT_ENTRY 8

// A table longer than this is taken for a damaged length.
#define TABLE_MAX (UINT32_C(64) << 20)

static const void *bytes_at(const struct acpi_memory *memory, uint64_t physical, size_t size)
{
    return memory->at(memory->context, physical, size);
}

static bool sums_to_zero(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + byte[i]);
    return sum == 0;
}

// Describes `length` bytes as a table, unchecked.
static struct acpi_table table_of(const void *bytes, uint32_t length)
{
    struct acpi_table table = {.length = length, .bytes = bytes};

    for (size_t i = 0; i < 4; i++)
        table.signature[i] = ((const char *)bytes)[i];
    return table;
}

// A whole table at a physical address, unchecked but for its length. False iff it cannot be read.
static bool read_bytes(struct acpi_table *table, const struct acpi_memory *memory,
                       uint64_t physical)
{
    const void *header = bytes_at(memory, physical, ACPI_TABLE_HEADER_SIZE);

    if (!header)
        return false;
    *table = table_of(header, ACPI_TABLE_HEADER_SIZE);
    uint32_t length = (uint32_t)acpi_table_read(table, HEADER_LENGTH, 4);
    if (length < ACPI_TABLE_HEADER_SIZE || length > TABLE_MAX)
        return false;
    const void *bytes = bytes_at(memory, physical, length);
    if (!bytes)
        return false;
    *table = table_of(bytes, length);
    return true;
}

// The same, checked but for its signature.
static bool read_table(struct acpi_table *table, const struct acpi_memory *memory,
                       uint64_t physical)
{
    return read_bytes(table, memory, physical) && sums_to_zero(table->bytes, table->length);
}

static bool has_rsdp_signature(const void *pointer)
{
    const char *text = pointer;
    const char *signature = RSDP_SIGNATURE;

    for (size_t i = 0; signature[i] != '\0'; i++)
        if (text[i] != signature[i])
            return false;
    return true;
}

static enum acpi_status read_root_at(struct acpi_table *root, uint64_t physical,
                                     const char *signature, const struct acpi_memory *memory)
{
    if (!bytes_at(memory, physical, ACPI_TABLE_HEADER_SIZE))
        return ACPI_UNREACHABLE;
    if (!read_table(root, memory, physical))
        return ACPI_BAD_CHECKSUM;
    return acpi_table_is(root, signature) ? ACPI_OK : ACPI_BAD_SIGNATURE;
}

// Reads the root pointer: the addresses of the two root tables, 0 where it has none.
// `has_bad_xsdt`: the part that has the XSDT's is damaged, or cannot be read.
static enum acpi_status read_pointer(uint64_t *xsdt, uint64_t *rsdt, bool *has_bad_xsdt,
                                     uint64_t rsdp, const struct acpi_memory *memory)
{
    const void *bytes = rsdp ? bytes_at(memory, rsdp, RSDP_SIZE) : NULL;

    *has_bad_xsdt = false;
    if (rsdp == 0)
        return ACPI_ABSENT;
    if (!bytes)
        return ACPI_UNREACHABLE;
    if (!has_rsdp_signature(bytes))
        return ACPI_BAD_SIGNATURE;
    if (!sums_to_zero(bytes, RSDP_SIZE))
        return ACPI_BAD_CHECKSUM;

    struct acpi_table pointer = table_of(bytes, RSDP_SIZE);
    *rsdt = acpi_table_read(&pointer, RSDP_RSDT, 4);
    *xsdt = 0;
    if (acpi_table_read(&pointer, RSDP_REVISION, 1) < 2)
        return ACPI_OK;
    bytes = bytes_at(memory, rsdp, ACPI_POINTER_SIZE);
    *has_bad_xsdt = !bytes || !sums_to_zero(bytes, ACPI_POINTER_SIZE);
    if (*has_bad_xsdt && *rsdt == 0)
        return bytes ? ACPI_BAD_CHECKSUM : ACPI_UNREACHABLE;
    if (*has_bad_xsdt)
        return ACPI_OK;
    pointer = table_of(bytes, ACPI_POINTER_SIZE);
    *xsdt = acpi_table_read(&pointer, RSDP_XSDT, 8);
    return ACPI_OK;
}

// Lists the tables that a root table names, whose entries have `entry_size` bytes. False iff an
// allocation failed.
static bool list_tables(struct acpi_tables *tables, const struct acpi_table *root,
                        size_t entry_size, const struct acpi_memory *memory)
{
    tables->root = *root;
    for (size_t at = ACPI_TABLE_HEADER_SIZE; acpi_table_has(root, at, entry_size);
         at += entry_size) {
        uint64_t address = acpi_table_read(root, at, entry_size);
        struct acpi_table table;
        if (address == 0)
            continue; // an unused entry
        if (!read_table(&table, memory, address))
            tables->skipped++;
        else if (!array_list_append(&tables->list, &table))
            return false;
    }
    return true;
}

// How many entries of an RSDT lead to a good table.
static size_t count_good(const struct acpi_table *rsdt, const struct acpi_memory *memory)
{
    size_t count = 0;

    for (size_t at = ACPI_TABLE_HEADER_SIZE; acpi_table_has(rsdt, at, RSDT_ENTRY);
         at += RSDT_ENTRY) {
        uint64_t address = acpi_table_read(rsdt, at, RSDT_ENTRY);
        struct acpi_table table;
        count += address != 0 && read_table(&table, memory, address);
    }
    return count;
}

// Lists the tables of the XSDT, if there is one that can be read.
static enum acpi_status read_xsdt(struct acpi_tables *tables, uint64_t xsdt,
                                  const struct acpi_memory *memory)
{
    struct acpi_table root;
    enum acpi_status status = read_root_at(&root, xsdt, "XSDT", memory);

    if (status != ACPI_OK)
        return status;
    return list_tables(tables, &root, XSDT_ENTRY, memory) ? ACPI_OK : ACPI_NO_MEMORY;
}

enum acpi_status acpi_tables_read(struct acpi_tables *tables, uint64_t rsdp,
                                  const struct acpi_memory *memory, struct allocator allocator)
{
    struct acpi_table root;
    uint64_t xsdt = 0;
    uint64_t rsdt = 0;
    bool has_bad_xsdt = false;

    *tables = (struct acpi_tables){.list = array_list_of(struct acpi_table, allocator)};
    enum acpi_status status = read_pointer(&xsdt, &rsdt, &has_bad_xsdt, rsdp, memory);
    if (status != ACPI_OK)
        return status;
    if (xsdt != 0) {
        status = read_xsdt(tables, xsdt, memory);
        bool is_whole = status == ACPI_OK && tables->skipped == 0 && tables->list.count != 0;
        if (is_whole || status == ACPI_NO_MEMORY || rsdt == 0)
            return status;
    }
    enum acpi_status other = read_root_at(&root, rsdt, "RSDT", memory);
    if (other != ACPI_OK)
        return xsdt != 0 ? status : other;
    if (status == ACPI_OK && xsdt != 0 && count_good(&root, memory) <= tables->list.count)
        return status;
    tables->has_bad_xsdt = has_bad_xsdt || xsdt != 0;
    tables->list.count = tables->skipped = 0;
    return list_tables(tables, &root, RSDT_ENTRY, memory) ? ACPI_OK : ACPI_NO_MEMORY;
}

const struct acpi_table *acpi_tables_find(const struct acpi_tables *tables, const char *signature)
{
    array_list_each(struct acpi_table, table, &tables->list)
    {
        if (acpi_table_is(table, signature))
            return table;
    }
    return NULL;
}

bool acpi_tables_read_one(struct acpi_table *table, bool *has_bad_sum, uint64_t physical,
                          const char *signature, const struct acpi_memory *memory)
{
    if (physical == 0 || !read_bytes(table, memory, physical) || !acpi_table_is(table, signature))
        return false;
    *has_bad_sum = !sums_to_zero(table->bytes, table->length);
    return true;
}

const char *acpi_status_name(enum acpi_status status)
{
    switch (status) {
    case ACPI_OK:
        return "ok";
    case ACPI_NO_MEMORY:
        return "out of memory";
    case ACPI_ABSENT:
        return "the firmware offers none";
    case ACPI_UNREACHABLE:
        return "the root table lies at an address that this processor does not have";
    case ACPI_BAD_SIGNATURE:
        return "the root table has the wrong signature";
    case ACPI_BAD_CHECKSUM:
        return "the root table is damaged: its checksum is wrong";
    }
    return "unknown";
}
