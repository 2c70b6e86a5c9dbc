// SPDX-License-Identifier: MIT
// The search of aml.h: at each byte of the DSDT, whether the definition of \_S5 stands there.
#include "boot/acpi/aml.h"

// AML, ACPI 20.2 and table 20.2 (opcodes).
#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE_PREFIX 0x0a
#define AML_WORD_PREFIX 0x0b
#define AML_DWORD_PREFIX 0x0c
#define AML_PACKAGE 0x12
#define AML_ROOT_CHARACTER '\\'
#define AML_NAME_SIZE 4

#define SLEEP_TYPE_MAX 7 // SLP_TYP has three bits: ACPI 4.8.3.2.1

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
    if (!take(aml, &low) || low > SLEEP_TYPE_MAX)
        return false;
    for (unsigned i = 1; i < width; i++)
        if (!take_byte(aml, 0))
            return false;
    *type = low;
    return true;
}

// Whether Name (_S5_, Package () {a, b, …}) stands at `aml`: DefName 20.2.5.1, DefPackage
// 20.2.5.4; the contents of the package, ACPI 7.4.2.
static bool parse_s5(struct aml aml, struct acpi_s5 *s5)
{
    if (!take_byte(&aml, AML_NAME))
        return false;
    if (aml.left > 0 && *aml.next == AML_ROOT_CHARACTER)
        (void)take_byte(&aml, AML_ROOT_CHARACTER);
    uint8_t elements;
    return take_name(&aml, "_S5_") && take_byte(&aml, AML_PACKAGE) && enter_package(&aml) &&
           take(&aml, &elements) && elements >= 2 && take_sleep_type(&aml, &s5->type_a) &&
           take_sleep_type(&aml, &s5->type_b);
}

bool acpi_aml_find_s5(struct acpi_s5 *s5, const struct acpi_table *dsdt)
{
    const uint8_t *bytes = dsdt->bytes;

    for (size_t at = ACPI_TABLE_HEADER_SIZE; at < dsdt->length; at++)
        if (parse_s5((struct aml){bytes + at, dsdt->length - at}, s5))
            return true;
    return false;
}
