// SPDX-License-Identifier: MIT
// The copies of acpi_edit.h.
#include "tests/quirks/acpi_edit.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"

#define BELOW_4G UINT64_C(0xfffff000)

// Root pointer, ACPI 5.2.5.3.
#define RSDP_RSDT 16
#define RSDP_XSDT 24
#define RSDP_SIZE 36

// Header of each table, 5.2.6.
#define HEADER_SIZE 36u
#define HEADER_LENGTH 4
#define HEADER_REVISION 8

// FADT, table 5.9.
#define FADT_DSDT 40
#define FADT_X_DSDT 140
#define FADT_SIZE_WITH_X_DSDT 244u

static EFI_BOOT_SERVICES *services;
static EFI_MEMORY_TYPE memory_type;
static unsigned char *rsdp, *xsdt;

static uint32_t length_of(const unsigned char *table)
{
    return (uint32_t)acpi_get(table + HEADER_LENGTH, 4);
}

static unsigned char *allocate(uint64_t size)
{
    EFI_PHYSICAL_ADDRESS start = BELOW_4G;
    uint64_t pages = page_round_up(size, PAGE_SIZE) / PAGE_SIZE;

    if (EFI_ERROR(services->AllocatePages(AllocateMaxAddress, memory_type, pages, &start)))
        return NULL;
    return memset((void *)(uintptr_t)start, 0, pages * PAGE_SIZE);
}

static unsigned char *copy(const unsigned char *table)
{
    unsigned char *to = allocate(length_of(table) + ACPI_EDIT_ROOM);

    return to ? memcpy(to, table, length_of(table)) : NULL;
}

static bool has_signature(const unsigned char *table, const char *signature)
{
    return memcmp(table, signature, 4) == 0;
}

static const unsigned char *find_pointer(const EFI_SYSTEM_TABLE *system)
{
    static const EFI_GUID acpi_20 = ACPI_20_TABLE_GUID;

    for (UINTN i = 0; i < system->NumberOfTableEntries; i++)
        if (memcmp(&system->ConfigurationTable[i].VendorGuid, &acpi_20, sizeof acpi_20) == 0)
            return system->ConfigurationTable[i].VendorTable;
    return NULL;
}

// The DSDT is named by the FADT alone, whose length may be that of ACPI 1.0.
static bool copy_dsdt(unsigned char *fadt)
{
    uint64_t address = acpi_get(fadt + FADT_DSDT, 4);

    if (address == 0)
        address = acpi_get(fadt + FADT_X_DSDT, 8);
    const unsigned char *dsdt = copy((const unsigned char *)(uintptr_t)address);
    if (!dsdt)
        return false;
    if (length_of(fadt) < FADT_SIZE_WITH_X_DSDT)
        acpi_put(fadt + HEADER_LENGTH, FADT_SIZE_WITH_X_DSDT, 4);
    acpi_put(fadt + FADT_DSDT, (uintptr_t)dsdt, 4);
    acpi_put(fadt + FADT_X_DSDT, (uintptr_t)dsdt, 8);
    acpi_fix_table(fadt);
    return true;
}

bool acpi_edit_begin(EFI_SYSTEM_TABLE *system, EFI_MEMORY_TYPE type)
{
    static EFI_GUID acpi_20 = ACPI_20_TABLE_GUID;
    const unsigned char *pointer = find_pointer(system);

    services = system->BootServices;
    memory_type = type;
    if (!pointer || !(rsdp = allocate(RSDP_SIZE)))
        return false;
    memcpy(rsdp, pointer, RSDP_SIZE);
    xsdt = copy((const unsigned char *)(uintptr_t)acpi_get(rsdp + RSDP_XSDT, 8));
    if (!xsdt)
        return false;
    for (unsigned char *entry = xsdt + HEADER_SIZE; entry < xsdt + length_of(xsdt); entry += 8) {
        unsigned char *table = copy((const unsigned char *)(uintptr_t)acpi_get(entry, 8));
        if (!table || (has_signature(table, "FACP") && !copy_dsdt(table)))
            return false;
        acpi_put(entry, (uintptr_t)table, 8);
    }
    acpi_fix_table(xsdt);
    acpi_put(rsdp + RSDP_RSDT, 0, 4);
    acpi_put(rsdp + RSDP_XSDT, (uintptr_t)xsdt, 8);
    acpi_fix_pointer(rsdp);
    return !EFI_ERROR(services->InstallConfigurationTable(&acpi_20, rsdp));
}

unsigned char *acpi_edit_pointer(void)
{
    return rsdp;
}

unsigned char *acpi_edit_find(const char *signature)
{
    if (memcmp(signature, "XSDT", 4) == 0)
        return xsdt;
    for (unsigned char *entry = xsdt + HEADER_SIZE; entry < xsdt + length_of(xsdt); entry += 8) {
        unsigned char *table = (unsigned char *)(uintptr_t)acpi_get(entry, 8);
        if (table && has_signature(table, signature))
            return table;
        if (table && has_signature(table, "FACP") && memcmp(signature, "DSDT", 4) == 0)
            return (unsigned char *)(uintptr_t)acpi_get(table + FADT_DSDT, 4);
    }
    return NULL;
}

void acpi_edit_add_entry(uint64_t address)
{
    uint32_t length = length_of(xsdt);

    acpi_put(xsdt + length, address, 8);
    acpi_put(xsdt + HEADER_LENGTH, length + 8, 4);
    acpi_fix_table(xsdt);
}

unsigned char *acpi_edit_add(const char *signature, uint32_t length)
{
    unsigned char *table = allocate(length);

    if (!table)
        return NULL;
    table[HEADER_REVISION] = 2;
    acpi_put_table(table, signature, length);
    acpi_edit_add_entry((uintptr_t)table);
    return table;
}

bool acpi_edit_add_rsdt(void)
{
    uint32_t count = (length_of(xsdt) - HEADER_SIZE) / 8;
    unsigned char *rsdt = allocate(HEADER_SIZE + UINT64_C(4) * count);

    if (!rsdt)
        return false;
    memcpy(rsdt, xsdt, HEADER_SIZE);
    rsdt[0] = 'R'; // of XSDT
    acpi_put(rsdt + HEADER_LENGTH, HEADER_SIZE + 4 * count, 4);
    for (uint32_t i = 0; i < count; i++)
        memcpy(rsdt + HEADER_SIZE + 4 * (size_t)i, xsdt + HEADER_SIZE + 8 * (size_t)i, 4);
    acpi_fix_table(rsdt);
    acpi_put(rsdp + RSDP_RSDT, (uintptr_t)rsdt, 4);
    acpi_fix_pointer(rsdp);
    return true;
}
