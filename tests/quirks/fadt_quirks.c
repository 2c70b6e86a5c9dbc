// SPDX-License-Identifier: MIT
// Quirks of the timer and of power-off: the FADT (ACPI 6.5, 5.2.9) and the DSDT that it names.
#include "tests/quirks/acpi_edit.h"
#include "tests/quirks/quirk.h"

enum {
    LENGTH = 4,
    SUM = 9,
    PM_TMR_BLK = 76,
    PM_TMR_LEN = 91,
    FLAGS = 112,
    X_DSDT = 140,
    X_PM1A_CNT_BLK = 172,
    X_PM_TMR_BLK = 208,
};
#define UNUSED_PORT 0xb100u // it reads the same at all times

static bool change_timer(unsigned port, unsigned char length)
{
    unsigned char *fadt = quirk_copy_table("FACP");

    if (!fadt)
        return false;
    acpi_put(fadt + PM_TMR_BLK, port, 4);
    acpi_put(fadt + X_PM_TMR_BLK + 4, 0, 8);
    fadt[PM_TMR_LEN] = length;
    acpi_fix_table(fadt);
    return true;
}

static bool standing_timer(void)
{
    return change_timer(UNUSED_PORT, 4);
}

static bool no_timer(void)
{
    return change_timer(UNUSED_PORT, 0);
}

// Changes a field of the FADT.
static bool change_fadt(unsigned offset, unsigned width, uint64_t value)
{
    unsigned char *fadt = quirk_copy_table("FACP");

    if (!fadt)
        return false;
    acpi_put(fadt + offset, value, width);
    acpi_fix_table(fadt);
    return true;
}

static bool x_dsdt_nowhere(void)
{
    return change_fadt(X_DSDT, 8, 0x100000);
}

static bool x_dsdt_that_wraps(void)
{
    return change_fadt(X_DSDT, 8, UINT64_MAX - 15);
}

static bool damaged_dsdt(void)
{
    unsigned char *dsdt = quirk_copy_table("DSDT");

    if (dsdt)
        dsdt[SUM]++;
    return dsdt;
}

static bool no_dsdt(void)
{
    unsigned char *dsdt = quirk_copy_table("DSDT");

    if (dsdt)
        dsdt[0] = 'X';
    return dsdt;
}

// A counter, but of another rate: the first of the PIT (Intel 8254).
static bool other_timer(void)
{
    return change_timer(0x40, 4);
}

// As ACPI 1.0 has it, without the extended fields.
static bool short_fadt(void)
{
    return change_fadt(LENGTH, 4, 116);
}

static bool long_fadt(void)
{
    return change_fadt(LENGTH, 4, 2048);
}

static bool cut_fadt(void)
{
    return change_fadt(LENGTH, 4, 44);
}

static bool reduced_hardware(void)
{
    return change_fadt(FLAGS, 4, UINT64_C(1) << 20);
}

// An extended field that names no port; the field of 32 bits does.
static bool power_port_beyond(void)
{
    return change_fadt(X_PM1A_CNT_BLK, 8, 1) && change_fadt(X_PM1A_CNT_BLK + 4, 8, 0x10604);
}

static bool no_state_s5(void)
{
    unsigned char *dsdt = quirk_copy_table("DSDT");

    if (!dsdt)
        return false;
    for (uint64_t at = 36; at + 4 < acpi_get(dsdt + LENGTH, 4); at++)
        if (acpi_get(dsdt + at, 4) == 0x5f35535f) // _S5_
            dsdt[at + 1] = 'X';
    acpi_fix_table(dsdt);
    return true;
}

const struct quirk fadt_quirks[] = {
    {"standing_timer", standing_timer},
    {"no_timer", no_timer},
    {"other_timer", other_timer},
    {"x_dsdt_nowhere", x_dsdt_nowhere},
    {"x_dsdt_that_wraps", x_dsdt_that_wraps},
    {"damaged_dsdt", damaged_dsdt},
    {"no_dsdt", no_dsdt},
    {"no_state_s5", no_state_s5},
    {"short_fadt", short_fadt},
    {"long_fadt", long_fadt},
    {"cut_fadt", cut_fadt},
    {"reduced_hardware", reduced_hardware},
    {"power_port_beyond", power_port_beyond},
    {0},
};
