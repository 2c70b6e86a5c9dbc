// SPDX-License-Identifier: MIT
// Powering off by the PM1 control registers: ACPI 6.5, sections 4.8.3.2.1, 7.4.2 and 16.1.7.
#include "arch/x86_64/power.h"

#include "arch/x86_64/cpu.h"

// PM1 control registers, ACPI 6.5, 4.8.3.2.1.
#define PM1_SCI_ENABLE UINT16_C(0x0001) // set: the machine is in ACPI mode
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE UINT16_C(0x1c00)
#define PM1_SLEEP_ENABLE UINT16_C(0x2000)

// How often a wait asks; a read of a port takes about a microsecond, so this is about a second.
#define WAIT_READS 1000000

static uint16_t read_control(const struct power *power, uint16_t port)
{
    return (uint16_t)power->io.read(power->io.context, port, 2);
}

static void write_control(const struct power *power, uint16_t port, uint16_t value)
{
    power->io.write(power->io.context, port, 2, value);
}

// The firmware may have left the machine in legacy mode, where the control registers do nothing:
// ACPI 6.5, 4.8.2.5 and 5.2.9 (SMI_CMD, ACPI_ENABLE). Enabling takes as long as an SMI takes.
static void enter_acpi_mode(const struct power *power)
{
    if (power->smi_command == 0 || power->acpi_enable == 0 ||
        read_control(power, power->pm1a_control) & PM1_SCI_ENABLE)
        return;
    power->io.write(power->io.context, power->smi_command, 1, power->acpi_enable);
    for (int i = 0; i < WAIT_READS; i++) {
        if (read_control(power, power->pm1a_control) & PM1_SCI_ENABLE)
            return;
        cpu_pause();
    }
}

// What to write to a control register, SLP_EN left clear; the other bits stay as they are.
static uint16_t with_sleep_type(const struct power *power, uint16_t port, uint8_t type)
{
    unsigned keep = read_control(power, port) & ~(unsigned)(PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE);

    return (uint16_t)(keep | (unsigned)type << PM1_SLEEP_TYPE_SHIFT);
}

void power_off(const struct power *power)
{
    if (power->pm1a_control == 0)
        return;
    enter_acpi_mode(power);
    // The type first and the enable bit after it, in both registers: ACPI 6.5, 4.8.3.2.1 and 16.1.
    uint16_t a = with_sleep_type(power, power->pm1a_control, power->sleep_type_a);
    write_control(power, power->pm1a_control, a);
    if (power->pm1b_control != 0) {
        uint16_t b = with_sleep_type(power, power->pm1b_control, power->sleep_type_b);
        write_control(power, power->pm1b_control, b);
        write_control(power, power->pm1a_control, a | PM1_SLEEP_ENABLE);
        write_control(power, power->pm1b_control, b | PM1_SLEEP_ENABLE);
    } else {
        write_control(power, power->pm1a_control, a | PM1_SLEEP_ENABLE);
    }
    for (int i = 0; i < WAIT_READS; i++)
        (void)read_control(power, power->pm1a_control);
}
