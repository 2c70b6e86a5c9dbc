// SPDX-License-Identifier: MIT
// Powering off: the sleeping state S5 ("soft off") of ACPI 6.5, sections 7.4.2 and 16.1.7,
// without an interpreter. All that is needed of the DSDT is two constants in one package.
#include "arch/x86_64/power.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fadt.h"
#include "arch/x86_64/io.h"

// PM1 control registers, ACPI 6.5, 4.8.3.2.1.
#define PM1_SCI_ENABLE UINT16_C(0x0001) // set: the machine is in ACPI mode
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MAXIMUM 7
#define PM1_SLEEP_TYPE UINT16_C(0x1c00)
#define PM1_SLEEP_ENABLE UINT16_C(0x2000)

// AML, ACPI 6.5, 20.2 and table 20.2 (opcodes).
#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE_PREFIX 0x0a
#define AML_WORD_PREFIX 0x0b
#define AML_DWORD_PREFIX 0x0c
#define AML_PACKAGE 0x12
#define AML_ROOT_CHARACTER '\\'
#define AML_NAME_SIZE 4

// How often a wait asks; a read of a port takes about a microsecond, so this is about a second.
#define WAIT_READS 1000000

// AML bytes not yet read.
struct aml {
    const uint8_t *next;
    size_t left;
};

static bool take(struct aml *aml, uint8_t *byte)
{
    if (aml->left == 0)
        return false;
    *byte = *aml->next++;
    aml->left--;
    return true;
}

static bool take_byte(struct aml *aml, uint8_t expected)
{
    uint8_t byte;
    return take(aml, &byte) && byte == expected;
}

static bool take_name(struct aml *aml, const char *name)
{
    for (int i = 0; i < AML_NAME_SIZE; i++)
        if (!take_byte(aml, (uint8_t)name[i]))
            return false;
    return true;
}

// PkgLength, 20.2.4: the two high bits of the first byte count the bytes that follow. Four bits
// of the first byte count then, else six. The length includes its own encoding. Limits `aml` to
// what the package holds.
static bool enter_package(struct aml *aml)
{
    size_t before = aml->left;
    uint8_t lead;
    if (!take(aml, &lead))
        return false;
    unsigned following = lead >> 6;
    size_t length = following ? lead & 0x0f : lead & 0x3f;
    for (unsigned i = 0; i < following; i++) {
        uint8_t byte;
        if (!take(aml, &byte))
            return false;
        length |= (size_t)byte << (4 + 8 * i);
    }
    size_t encoding = before - aml->left;
    if (length < encoding || length > before)
        return false;
    aml->left = length - encoding;
    return true;
}

// A constant integer, 20.2.3, that fits a sleep type.
static bool take_sleep_type(struct aml *aml, uint8_t *type)
{
    uint8_t opcode;
    if (!take(aml, &opcode))
        return false;
    unsigned width;
    switch (opcode) {
    case AML_ZERO:
    case AML_ONE:
        *type = opcode;
        return true;
    case AML_BYTE_PREFIX:
        width = 1;
        break;
    case AML_WORD_PREFIX:
        width = 2;
        break;
    case AML_DWORD_PREFIX:
        width = 4;
        break;
    default:
        return false;
    }
    uint8_t low;
    if (!take(aml, &low) || low > PM1_SLEEP_TYPE_MAXIMUM)
        return false;
    for (unsigned i = 1; i < width; i++)
        if (!take_byte(aml, 0))
            return false;
    *type = low;
    return true;
}

// Whether Name (_S5_, Package () {a, b, …}) stands at `aml`: DefName 20.2.5.1, DefPackage
// 20.2.5.4; the contents of the package, ACPI 6.5, 7.4.2.
static bool parse_s5(struct aml aml, struct power *power)
{
    if (!take_byte(&aml, AML_NAME))
        return false;
    if (aml.left > 0 && *aml.next == AML_ROOT_CHARACTER)
        (void)take_byte(&aml, AML_ROOT_CHARACTER);
    uint8_t elements;
    return take_name(&aml, "_S5_") && take_byte(&aml, AML_PACKAGE) && enter_package(&aml) &&
           take(&aml, &elements) && elements >= 2 && take_sleep_type(&aml, &power->sleep_type_a) &&
           take_sleep_type(&aml, &power->sleep_type_b);
}

bool power_from_acpi(struct power *power, const void *fadt, size_t fadt_size, const void *dsdt,
                     size_t dsdt_size)
{
    *power = (struct power){0};
    size_t fadt_length = fadt_table_length(fadt, fadt_size);
    size_t dsdt_length = fadt_table_length(dsdt, dsdt_size);
    if (fadt_length == 0 || dsdt_length == 0 ||
        fadt_read(fadt, fadt_length, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED)
        return false;
    power->pm1a_control = fadt_port(fadt, fadt_length, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL);
    power->pm1b_control = fadt_port(fadt, fadt_length, FADT_PM1B_CONTROL, FADT_X_PM1B_CONTROL);
    power->smi_command = (uint16_t)fadt_read(fadt, fadt_length, FADT_SMI_COMMAND, 4);
    power->acpi_enable = (uint8_t)fadt_read(fadt, fadt_length, FADT_ACPI_ENABLE, 1);
    if (power->pm1a_control == 0)
        return false;
    for (size_t at = FADT_HEADER_SIZE; at < dsdt_length; at++) {
        if (parse_s5((struct aml){(const uint8_t *)dsdt + at, dsdt_length - at}, power)) {
            power->known = true;
            return true;
        }
    }
    return false;
}

// The firmware may have left the machine in legacy mode, where the control registers do nothing:
// ACPI 6.5, 4.8.2.5 and 5.2.9 (SMI_CMD, ACPI_ENABLE). Enabling takes as long as an SMI takes.
static void enter_acpi_mode(const struct power *power)
{
    if (power->smi_command == 0 || power->acpi_enable == 0 ||
        inw(power->pm1a_control) & PM1_SCI_ENABLE)
        return;
    outb(power->smi_command, power->acpi_enable);
    for (int i = 0; i < WAIT_READS && !(inw(power->pm1a_control) & PM1_SCI_ENABLE); i++)
        cpu_pause();
}

// What to write to a control register, SLP_EN left clear; the other bits stay as they are.
static uint16_t with_sleep_type(uint16_t port, uint8_t type)
{
    unsigned keep = inw(port) & ~(unsigned)(PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE);
    return (uint16_t)(keep | (unsigned)type << PM1_SLEEP_TYPE_SHIFT);
}

void power_off(const struct power *power)
{
    if (!power->known)
        return;
    cpu_cli();
    enter_acpi_mode(power);

    // The type first and the enable bit after it, in both registers: ACPI 6.5, 4.8.3.2.1 and 16.1.
    uint16_t a = with_sleep_type(power->pm1a_control, power->sleep_type_a);
    outw(power->pm1a_control, a);
    if (power->pm1b_control) {
        uint16_t b = with_sleep_type(power->pm1b_control, power->sleep_type_b);
        outw(power->pm1b_control, b);
        outw(power->pm1a_control, a | PM1_SLEEP_ENABLE);
        outw(power->pm1b_control, b | PM1_SLEEP_ENABLE);
    } else {
        outw(power->pm1a_control, a | PM1_SLEEP_ENABLE);
    }
    for (int i = 0; i < WAIT_READS; i++)
        (void)inw(power->pm1a_control);
}

void power_exit_qemu(uint16_t port, uint8_t code)
{
    outb(port, code);
    // QEMU leaves a little later than the write.
    for (int i = 0; i < WAIT_READS; i++)
        (void)inb(port);
}

_Noreturn void power_halt(void)
{
    for (;;) {
        cpu_cli();
        cpu_hlt();
    }
}
