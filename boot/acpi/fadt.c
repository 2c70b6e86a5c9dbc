// SPDX-License-Identifier: MIT
// The fields of fadt.h: a table that may be shorter than today's.
#include "boot/acpi/fadt.h"

// Offsets of fields, ACPI table 5.9. A register block has a 32-bit field and an extended one.
enum field {
    DSDT = 40,
    SMI_CMD = 48,
    ACPI_ENABLE = 52,
    PM1A_CNT_BLK = 64,
    PM1B_CNT_BLK = 68,
    PM_TMR_BLK = 76,
    PM_TMR_LEN = 91,
    FLAGS = 112,
    X_DSDT = 140,
    X_PM1A_CNT_BLK = 172,
    X_PM1B_CNT_BLK = 184,
    X_PM_TMR_BLK = 208,
};

#define PM_TMR_LEN_PRESENT 4 // any other length: there is no timer (ACPI table 5.9)

// FLAGS, table 5.10.
#define FLAG_TMR_VAL_EXT (UINT32_C(1) << 8)
#define FLAG_HW_REDUCED_ACPI (UINT32_C(1) << 20)

static uint16_t port_of(uint64_t address)
{
    return address <= UINT16_MAX ? (uint16_t)address : 0;
}

static uint16_t read_port(const struct acpi_table *table, enum field field, enum field extended)
{
    struct acpi_address address = acpi_table_read_address(table, extended);

    if (address.space == ACPI_SPACE_IO && port_of(address.address) != 0)
        return port_of(address.address);
    return port_of(acpi_table_read(table, field, 4));
}

void acpi_fadt_read(struct acpi_fadt *fadt, const struct acpi_table *table)
{
    uint64_t flags = acpi_table_read(table, FLAGS, 4);

    *fadt = (struct acpi_fadt){
        .is_reduced = flags & FLAG_HW_REDUCED_ACPI,
        .pm1a_control = read_port(table, PM1A_CNT_BLK, X_PM1A_CNT_BLK),
        .pm1b_control = read_port(table, PM1B_CNT_BLK, X_PM1B_CNT_BLK),
        .smi_command = port_of(acpi_table_read(table, SMI_CMD, 4)),
        .acpi_enable = (uint8_t)acpi_table_read(table, ACPI_ENABLE, 1),
        .timer_is_32_bits = flags & FLAG_TMR_VAL_EXT,
        .x_dsdt = acpi_table_read(table, X_DSDT, 8),
        .dsdt = acpi_table_read(table, DSDT, 4),
    };
    if (acpi_table_read(table, PM_TMR_LEN, 1) == PM_TMR_LEN_PRESENT)
        fadt->timer = read_port(table, PM_TMR_BLK, X_PM_TMR_BLK);
}

bool acpi_fadt_find_dsdt(struct acpi_table *dsdt, bool *has_bad_sum, const struct acpi_fadt *fadt,
                         const struct acpi_memory *memory)
{
    struct acpi_table other;
    bool is_bad = true;
    bool other_is_bad = true;
    bool is_found = acpi_tables_read_one(dsdt, &is_bad, fadt->x_dsdt, "DSDT", memory);

    if (is_bad && acpi_tables_read_one(&other, &other_is_bad, fadt->dsdt, "DSDT", memory) &&
        (!is_found || !other_is_bad)) {
        *dsdt = other;
        is_bad = other_is_bad;
        is_found = true;
    }
    *has_bad_sum = is_bad;
    return is_found;
}
