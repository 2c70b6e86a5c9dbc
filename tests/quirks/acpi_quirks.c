// SPDX-License-Identifier: MIT
// Quirks of ACPI's root pointer and root tables: ACPI 6.5, 5.2.5 to 5.2.8.
#include "arch/x86_64/string.h"
#include "tests/quirks/acpi_edit.h"
#include "tests/quirks/quirk.h"

// Of the header of a table, and of the root pointer.
enum { LENGTH = 4, SUM = 9, ENTRIES = 36 };
enum { POINTER_REVISION = 15, POINTER_XSDT = 24, POINTER_SUM_2 = 32 };

static EFI_GUID acpi_10 = ACPI_TABLE_GUID;
static EFI_GUID acpi_20 = ACPI_20_TABLE_GUID;

bool quirk_copy_acpi(void)
{
    return acpi_edit_begin(quirk_system, EfiACPIReclaimMemory);
}

unsigned char *quirk_copy_table(const char *signature)
{
    return quirk_copy_acpi() ? acpi_edit_find(signature) : NULL;
}

// Where coreboot keeps them.
static bool reserved_tables(void)
{
    return acpi_edit_begin(quirk_system, EfiReservedMemoryType);
}

static bool unused_entries(void)
{
    bool is_done = quirk_copy_acpi();

    acpi_edit_add_entry(0);
    acpi_edit_add_entry(0);
    return is_done;
}

static bool wild_entries(void)
{
    bool is_done = quirk_copy_acpi();

    acpi_edit_add_entry(UINT64_MAX - 7);         // its header wraps
    acpi_edit_add_entry(UINT64_C(1) << 51);      // beyond what the processor addresses
    acpi_edit_add_entry(UINT64_C(0xffffffff80)); // nothing is there
    return is_done;
}

static bool control_characters(void)
{
    return quirk_copy_acpi() && acpi_edit_add("\n###", 64) && acpi_edit_add("\x1b[2J", 64);
}

// What is left to the firmware and to old programs, and nothing keeps.
static bool tables_in_boot_memory(void)
{
    return acpi_edit_begin(quirk_system, EfiBootServicesData);
}

static bool copy_with_rsdt(void)
{
    return quirk_copy_acpi() && acpi_edit_add_rsdt();
}

static bool damaged_xsdt(void)
{
    bool is_done = copy_with_rsdt();

    acpi_edit_find("XSDT")[SUM]++;
    return is_done;
}

static bool xsdt_nowhere(void)
{
    bool is_done = copy_with_rsdt();

    acpi_put(acpi_edit_pointer() + POINTER_XSDT, UINT64_C(1) << 51, 8);
    acpi_fix_pointer(acpi_edit_pointer());
    return is_done;
}

// A sum that is right, but the upper halves of its entries are not.
static bool xsdt_of_wild_entries(void)
{
    bool is_done = copy_with_rsdt();
    unsigned char *xsdt = acpi_edit_find("XSDT");

    for (uint64_t at = ENTRIES; at < acpi_get(xsdt + LENGTH, 4); at += 8)
        acpi_put(xsdt + at + 4, 0xdeadbeef, 4);
    acpi_fix_table(xsdt);
    return is_done;
}

static bool empty_xsdt(void)
{
    bool is_done = copy_with_rsdt();
    unsigned char *xsdt = acpi_edit_find("XSDT");

    acpi_put(xsdt + LENGTH, ENTRIES, 4);
    acpi_fix_table(xsdt);
    return is_done;
}

static bool damaged_end_of_pointer(void)
{
    bool is_done = copy_with_rsdt();

    acpi_edit_pointer()[POINTER_SUM_2]++;
    return is_done;
}

// Firmware has a pointer for ACPI 1.0 as well.
static bool damaged_pointer(void)
{
    bool is_done = copy_with_rsdt();

    acpi_edit_pointer()[0]++;
    return is_done;
}

static bool old_pointer(void)
{
    bool is_done = copy_with_rsdt();

    acpi_edit_pointer()[POINTER_REVISION] = 0;
    acpi_fix_pointer(acpi_edit_pointer());
    return is_done;
}

static bool no_tables(void)
{
    (void)quirk_system->BootServices->InstallConfigurationTable(&acpi_10, NULL);
    return !EFI_ERROR(quirk_system->BootServices->InstallConfigurationTable(&acpi_20, NULL));
}

static bool repeated_tables(void)
{
    bool is_done = quirk_copy_acpi();
    const unsigned char *xsdt = acpi_edit_find("XSDT");

    for (uint64_t at = ENTRIES, end = acpi_get(xsdt + LENGTH, 4); at < end; at += 8)
        acpi_edit_add_entry(acpi_get(xsdt + at, 8));
    return is_done;
}

const struct quirk acpi_quirks[] = {
    {"reserved_tables", reserved_tables},
    {"tables_in_boot_memory", tables_in_boot_memory},
    {"unused_entries", unused_entries},
    {"wild_entries", wild_entries},
    {"control_characters", control_characters},
    {"damaged_xsdt", damaged_xsdt},
    {"xsdt_nowhere", xsdt_nowhere},
    {"xsdt_of_wild_entries", xsdt_of_wild_entries},
    {"empty_xsdt", empty_xsdt},
    {"damaged_end_of_pointer", damaged_end_of_pointer},
    {"damaged_pointer", damaged_pointer},
    {"old_pointer", old_pointer},
    {"no_tables", no_tables},
    {"repeated_tables", repeated_tables},
    {0},
};
