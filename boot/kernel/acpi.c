// SPDX-License-Identifier: MIT
// The walk of acpi.h: root pointer, root table, each table, and the processors of the MADT.
#include "boot/kernel/acpi.h"

// Root pointer, ACPI 5.2.5.3: revision 0 ends after the first 20 bytes.
#define RSDP_SIZE 20
#define RSDP_SIZE_2 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24

// Header of every table, ACPI 5.2.6.
#define HEADER_SIZE 36
#define HEADER_LENGTH 4

// FADT, table 5.9.
#define FADT_DSDT 40
#define FADT_X_DSDT 140

// MADT, ACPI 5.2.12: structures follow the header and eight bytes more.
#define MADT_STRUCTURES 44
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_APIC_SIZE 8
#define MADT_LOCAL_X2APIC 9
#define MADT_LOCAL_X2APIC_SIZE 16
#define MADT_ENABLED 1u

// SPCR, Microsoft's "Serial Port Console Redirection Table", revisions 1 and 2: an interface type,
// and a generic address (ACPI 5.2.3.2).
#define SPCR_INTERFACE 36
#define SPCR_INTERFACE_16550 0
#define SPCR_INTERFACE_16550_COMPATIBLE 1
#define SPCR_ADDRESS_SPACE 40
#define SPCR_ADDRESS 44
#define SPCR_ADDRESS_END 52
#define ADDRESS_SPACE_IO 1

// A table longer than this is taken for a damaged length.
#define TABLE_MAX (UINT32_C(64) << 20)

static bool has_signature(const void *bytes, const char *signature)
{
    const char *text = bytes;
    size_t i = 0;

    while (signature[i] != '\0' && text[i] == signature[i])
        i++;
    return signature[i] == '\0';
}

// The little-endian number of `width` bytes at an offset that the caller has checked.
static uint64_t number_at(const void *bytes, size_t offset, size_t width)
{
    const uint8_t *byte = (const uint8_t *)bytes + offset;
    uint64_t number = 0;

    for (size_t i = 0; i < width; i++)
        number |= (uint64_t)byte[i] << (8 * i);
    return number;
}

static bool sums_to_zero(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + byte[i]);
    return sum == 0;
}

// A whole table at a physical address, checked; NULL if it is not one.
static const void *table_at(const struct acpi_memory *memory, uint64_t physical, uint32_t *length)
{
    const void *header = memory->at(memory->context, physical, HEADER_SIZE);

    if (!header)
        return NULL;
    *length = (uint32_t)number_at(header, HEADER_LENGTH, 4);
    if (*length < HEADER_SIZE || *length > TABLE_MAX)
        return NULL;
    const void *table = memory->at(memory->context, physical, *length);
    return table && sums_to_zero(table, *length) ? table : NULL;
}

static bool add_table(struct acpi *acpi, const void *bytes, uint32_t length)
{
    struct acpi_table table = {.length = length, .bytes = bytes};

    for (size_t i = 0; i < 4; i++)
        table.signature[i] = ((const char *)bytes)[i];
    return array_list_append(&acpi->tables, &table);
}

static bool add_processor(struct acpi *acpi, struct acpi_processor processor)
{
    if (processor.enabled)
        acpi->enabled++;
    return array_list_append(&acpi->processors, &processor);
}

// Reads the structure of `size` bytes at `at`, if it is a processor's.
static bool read_processor(const struct acpi_table *madt, size_t at, size_t size,
                           struct acpi_processor *processor)
{
    const void *bytes = madt->bytes;
    uint64_t type = number_at(bytes, at, 1);

    if (type == MADT_LOCAL_APIC && size >= MADT_LOCAL_APIC_SIZE) {
        *processor = (struct acpi_processor){
            .uid = (uint32_t)number_at(bytes, at + 2, 1),
            .apic_id = (uint32_t)number_at(bytes, at + 3, 1),
            .enabled = number_at(bytes, at + 4, 4) & MADT_ENABLED,
        };
        return true;
    }
    if (type == MADT_LOCAL_X2APIC && size >= MADT_LOCAL_X2APIC_SIZE) {
        *processor = (struct acpi_processor){
            .apic_id = (uint32_t)number_at(bytes, at + 4, 4),
            .enabled = number_at(bytes, at + 8, 4) & MADT_ENABLED,
            .uid = (uint32_t)number_at(bytes, at + 12, 4),
        };
        return true;
    }
    return false;
}

static bool count_processors(struct acpi *acpi, const struct acpi_table *madt)
{
    for (size_t at = MADT_STRUCTURES; at + 2 <= madt->length;) {
        size_t size = number_at(madt->bytes, at + 1, 1);
        struct acpi_processor processor;

        if (size < 2 || size > madt->length - at)
            return true; // damaged from here on: what came before still counts
        if (read_processor(madt, at, size, &processor) && !add_processor(acpi, processor))
            return false;
        at += size;
    }
    return true;
}

// Finds the root table: the XSDT where there is one, else the RSDT, whose entries have four bytes.
static enum acpi_status read_root(uint64_t rsdp, const struct acpi_memory *memory,
                                  const void **root, uint32_t *length, size_t *entry_size)
{
    const void *pointer = rsdp ? memory->at(memory->context, rsdp, RSDP_SIZE) : NULL;

    if (rsdp == 0)
        return ACPI_ABSENT;
    if (!pointer)
        return ACPI_UNREACHABLE;
    if (!has_signature(pointer, "RSD PTR "))
        return ACPI_BAD_SIGNATURE;
    if (!sums_to_zero(pointer, RSDP_SIZE))
        return ACPI_BAD_CHECKSUM;

    uint64_t address = number_at(pointer, RSDP_RSDT, 4);
    *entry_size = 4;
    if (number_at(pointer, RSDP_REVISION, 1) >= 2) {
        pointer = memory->at(memory->context, rsdp, RSDP_SIZE_2);
        if (!pointer)
            return ACPI_UNREACHABLE;
        if (!sums_to_zero(pointer, RSDP_SIZE_2))
            return ACPI_BAD_CHECKSUM;
        uint64_t extended = number_at(pointer, RSDP_XSDT, 8);
        if (extended != 0) {
            address = extended;
            *entry_size = 8;
        }
    }
    if (!memory->at(memory->context, address, HEADER_SIZE))
        return ACPI_UNREACHABLE;
    *root = table_at(memory, address, length);
    if (!*root)
        return ACPI_BAD_CHECKSUM;
    return has_signature(*root, *entry_size == 8 ? "XSDT" : "RSDT") ? ACPI_OK : ACPI_BAD_SIGNATURE;
}

enum acpi_status acpi_read_tables(struct acpi *acpi, uint64_t rsdp,
                                  const struct acpi_memory *memory, struct allocator allocator)
{
    const void *root = NULL;
    uint32_t root_length = 0;
    size_t entry_size = 0;

    *acpi = (struct acpi){
        .tables = array_list_of(struct acpi_table, allocator),
        .processors = array_list_of(struct acpi_processor, allocator),
    };
    enum acpi_status status = read_root(rsdp, memory, &root, &root_length, &entry_size);
    if (status != ACPI_OK)
        return status;
    // All tables first, then the processors: two lists that grew in turn would each lose their
    // place at the end of the early heap, and with it the growing in place.
    for (size_t at = HEADER_SIZE; at + entry_size <= root_length; at += entry_size) {
        uint32_t length = 0;
        const void *table = table_at(memory, number_at(root, at, entry_size), &length);
        if (!table)
            acpi->skipped++;
        else if (!add_table(acpi, table, length))
            return ACPI_NO_MEMORY;
    }
    const struct acpi_table *madt = acpi_find(acpi, "APIC");
    return !madt || count_processors(acpi, madt) ? ACPI_OK : ACPI_NO_MEMORY;
}

const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature)
{
    array_list_each(struct acpi_table, table, &acpi->tables)
    {
        if (has_signature(table->signature, signature))
            return table;
    }
    return NULL;
}

const void *acpi_find_dsdt(const struct acpi *acpi, const struct acpi_memory *memory,
                           size_t *length)
{
    const struct acpi_table *fadt = acpi_find(acpi, "FACP");
    uint32_t dsdt_length = 0;

    if (!fadt)
        return NULL;
    uint64_t address = 0; // the first revision of the FADT is too short for the wider field
    if (fadt->length >= FADT_X_DSDT + 8)
        address = number_at(fadt->bytes, FADT_X_DSDT, 8);
    if (address == 0 && fadt->length >= FADT_DSDT + 4)
        address = number_at(fadt->bytes, FADT_DSDT, 4);
    const void *dsdt = address ? table_at(memory, address, &dsdt_length) : NULL;
    *length = dsdt_length;
    return dsdt && has_signature(dsdt, "DSDT") ? dsdt : NULL;
}

uint16_t acpi_serial_port(const struct acpi *acpi)
{
    const struct acpi_table *spcr = acpi_find(acpi, "SPCR");

    if (!spcr || spcr->length < SPCR_ADDRESS_END)
        return 0;
    uint64_t interface = number_at(spcr->bytes, SPCR_INTERFACE, 1);
    uint64_t address = number_at(spcr->bytes, SPCR_ADDRESS, 8);
    bool is_16550 =
        interface == SPCR_INTERFACE_16550 || interface == SPCR_INTERFACE_16550_COMPATIBLE;
    bool is_port =
        number_at(spcr->bytes, SPCR_ADDRESS_SPACE, 1) == ADDRESS_SPACE_IO && address <= UINT16_MAX;
    return is_16550 && is_port ? (uint16_t)address : 0;
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
        return "the root table lies where no memory is mapped";
    case ACPI_BAD_SIGNATURE:
        return "the root table has the wrong signature";
    case ACPI_BAD_CHECKSUM:
        return "the root table is damaged: its checksum is wrong";
    }
    return "unknown";
}
