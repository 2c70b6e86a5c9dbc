// SPDX-License-Identifier: MIT
// The reading of madt.h: structures, each with a type and a length, behind a header of 44 bytes.
#include "boot/acpi/madt.h"

#define STRUCTURES 44 // ACPI table 5.19

// Interrupt controller structures, ACPI table 5.21.
#define STRUCTURE_TYPE 0
#define STRUCTURE_LENGTH 1
#define STRUCTURE_SIZE_MIN 2

// Processor Local APIC Structure, table 5.22.
#define LOCAL_APIC 0
#define LOCAL_APIC_SIZE 8
#define LOCAL_APIC_UID 2
#define LOCAL_APIC_ID 3
#define LOCAL_APIC_FLAGS 4

// Processor Local x2APIC Structure, table 5.35.
#define LOCAL_X2APIC 9
#define LOCAL_X2APIC_SIZE 16
#define LOCAL_X2APIC_ID 4
#define LOCAL_X2APIC_FLAGS 8
#define LOCAL_X2APIC_UID 12

#define FLAG_ENABLED 1u // table 5.23

// Ids that address all processors: SDM 3A 11.6.2.1 (xAPIC) and 11.12.9 (x2APIC).
#define LOCAL_APIC_ID_ALL UINT32_C(0xff)
#define LOCAL_X2APIC_ID_ALL UINT32_C(0xffffffff)

// Bytes of a processor's structure of this type; 0: it is not a processor's.
static size_t size_of(uint64_t type)
{
    return type == LOCAL_APIC ? LOCAL_APIC_SIZE : type == LOCAL_X2APIC ? LOCAL_X2APIC_SIZE : 0;
}

// Reads the processor's structure at `at`. An id of all processors becomes LOCAL_X2APIC_ID_ALL.
static void read_processor(struct acpi_processor *processor, const struct acpi_table *madt,
                           size_t at, uint64_t type)
{
    if (type == LOCAL_APIC) {
        *processor = (struct acpi_processor){
            .uid = (uint32_t)acpi_table_read(madt, at + LOCAL_APIC_UID, 1),
            .apic_id = (uint32_t)acpi_table_read(madt, at + LOCAL_APIC_ID, 1),
            .enabled = acpi_table_read(madt, at + LOCAL_APIC_FLAGS, 4) & FLAG_ENABLED,
        };
        if (processor->apic_id == LOCAL_APIC_ID_ALL)
            processor->apic_id = LOCAL_X2APIC_ID_ALL;
        return;
    }
    *processor = (struct acpi_processor){
        .apic_id = (uint32_t)acpi_table_read(madt, at + LOCAL_X2APIC_ID, 4),
        .enabled = acpi_table_read(madt, at + LOCAL_X2APIC_FLAGS, 4) & FLAG_ENABLED,
        .uid = (uint32_t)acpi_table_read(madt, at + LOCAL_X2APIC_UID, 4),
    };
}

static struct acpi_processor *find(const struct acpi_processors *processors, uint32_t apic_id)
{
    array_list_each(struct acpi_processor, processor, &processors->list)
    {
        if (processor->apic_id == apic_id)
            return processor;
    }
    return NULL;
}

// Adds a processor, or merges it with the one that has its id. False iff an allocation failed.
static bool add(struct acpi_processors *processors, const struct acpi_processor *processor)
{
    struct acpi_processor *known = find(processors, processor->apic_id);

    if (processor->apic_id == LOCAL_X2APIC_ID_ALL) {
        processors->dropped++;
        return true;
    }
    if (!known) {
        processors->enabled += processor->enabled;
        return array_list_append(&processors->list, processor);
    }
    processors->enabled += processor->enabled && !known->enabled;
    known->enabled |= processor->enabled;
    processors->dropped++;
    return true;
}

bool acpi_madt_read(struct acpi_processors *processors, const struct acpi_table *madt,
                    struct allocator allocator)
{
    *processors = (struct acpi_processors){.list = array_list_of(struct acpi_processor, allocator)};
    for (size_t at = STRUCTURES; madt && acpi_table_has(madt, at, STRUCTURE_SIZE_MIN);) {
        uint64_t type = acpi_table_read(madt, at + STRUCTURE_TYPE, 1);
        size_t size = (size_t)acpi_table_read(madt, at + STRUCTURE_LENGTH, 1);
        struct acpi_processor processor;

        processors->is_damaged = size < STRUCTURE_SIZE_MIN || !acpi_table_has(madt, at, size);
        if (processors->is_damaged)
            return true; // from here on
        if (size < size_of(type)) {
            processors->dropped++;
        } else if (size_of(type) != 0) {
            read_processor(&processor, madt, at, type);
            if (!add(processors, &processor))
                return false;
        }
        at += size;
    }
    return true;
}
