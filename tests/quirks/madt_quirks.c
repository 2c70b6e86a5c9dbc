// SPDX-License-Identifier: MIT
// Quirks of the list of processors, the MADT: ACPI 6.5, 5.2.12.
#include "tests/quirks/acpi_edit.h"
#include "tests/quirks/quirk.h"

enum {
    LENGTH = 4,
    SUM = 9,
    MADT_STRUCTURES = 44,
    LOCAL_APIC = 0,
    LOCAL_APIC_SIZE = 8,
    LOCAL_X2APIC = 9
};

static void add_x2apic(unsigned char *madt, uint32_t id)
{
    uint32_t length = (uint32_t)acpi_get(madt + LENGTH, 4);
    unsigned char *entry = madt + length;

    entry[0] = LOCAL_X2APIC;
    entry[1] = 16;
    acpi_put(entry + 4, id, 4);
    acpi_put(entry + 8, 1, 4);
    acpi_put(madt + LENGTH, length + 16, 4);
}

static bool repeated_processors(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    const unsigned char *end = madt + acpi_get(madt + LENGTH, 4);
    for (unsigned char *entry = madt + MADT_STRUCTURES; entry < end; entry += entry[1])
        if (entry[0] == LOCAL_APIC)
            add_x2apic(madt, entry[3]);
    add_x2apic(madt, UINT32_MAX);
    acpi_fix_table(madt);
    return true;
}

static bool disabled_boot_processor(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    acpi_put(madt + MADT_STRUCTURES + 4, 0, 4);
    acpi_fix_table(madt);
    return true;
}

static bool damaged_madt(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (madt)
        madt[SUM]++;
    return madt;
}

// Lists processors of these ids too.
static bool add_processors(uint32_t first, uint32_t end)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    for (uint32_t id = first; id < end; id++)
        add_x2apic(madt, id);
    acpi_fix_table(madt);
    return true;
}

// No processor has the ids.
static bool absent_processors(void)
{
    return add_processors(0x40, 0x70);
}

// The same, and the other processor of the machine stands behind them.
static bool absent_processors_first(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    madt[MADT_STRUCTURES + LOCAL_APIC_SIZE + 3] = 0x3f; // its id
    for (uint32_t id = 0x40; id < 0x50; id++)
        add_x2apic(madt, id);
    add_x2apic(madt, 1);
    acpi_fix_table(madt);
    return true;
}

// Ids of more than the 8 bits that an xAPIC has for them.
static bool unreachable_processors(void)
{
    return add_processors(0x17161514, 0x1716151c);
}

// The structure behind the boot processor's.
static bool change_length_of_second(unsigned char length)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    madt[MADT_STRUCTURES + LOCAL_APIC_SIZE + 1] = length;
    acpi_fix_table(madt);
    return true;
}

static bool structure_of_no_length(void)
{
    return change_length_of_second(0);
}

static bool structure_beyond_the_table(void)
{
    return change_length_of_second(255);
}

static bool structure_that_is_too_short(void)
{
    return change_length_of_second(6);
}

// Of the two processors of the machine the list has the second alone.
static bool unlisted_boot_processor(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    madt[MADT_STRUCTURES] = 0x7f; // a type of the future
    acpi_fix_table(madt);
    return true;
}

static bool no_madt(void)
{
    unsigned char *madt = quirk_copy_table("APIC");

    if (!madt)
        return false;
    madt[0] = 'X';
    acpi_fix_table(madt);
    return true;
}

const struct quirk madt_quirks[] = {
    {"repeated_processors", repeated_processors},
    {"disabled_boot_processor", disabled_boot_processor},
    {"damaged_madt", damaged_madt},
    {"absent_processors", absent_processors},
    {"absent_processors_first", absent_processors_first},
    {"unreachable_processors", unreachable_processors},
    {"structure_of_no_length", structure_of_no_length},
    {"structure_beyond_the_table", structure_beyond_the_table},
    {"structure_that_is_too_short", structure_that_is_too_short},
    {"unlisted_boot_processor", unlisted_boot_processor},
    {"no_madt", no_madt},
    {0},
};
