// SPDX-License-Identifier: MIT
// What arch/x86_64/power.h promises of power_from_acpi(): the two constants of \_S5_ and the ports
// are found where they are, and nothing is believed that a table does not hold.
#include "arch/x86_64/fadt.h"
#include "arch/x86_64/string.h"
#include "arch/x86_64/power.h"
#include "tests/boot/suites.h"

static unsigned char fadt[244];
static unsigned char dsdt[512];
static size_t dsdt_length;
static struct power power;

static void put(unsigned char *table, size_t offset, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        table[offset + i] = (unsigned char)(number >> (8 * i));
}

static void put_block(size_t extended, uint8_t space, uint64_t address)
{
    fadt[extended] = space;
    put(fadt, extended + 4, address, 8);
}

static void make_fadt(void)
{
    memset(fadt, 0, sizeof fadt);
    put(fadt, 4, sizeof fadt, 4);
    put(fadt, FADT_SMI_COMMAND, 0xb2, 4);
    put(fadt, FADT_ACPI_ENABLE, 0xe1, 1);
    put(fadt, FADT_PM1A_CONTROL, 0x604, 4);
}

// Makes a DSDT of a header, some bytes that are no _S5_, and these.
static void make_dsdt(const unsigned char *aml, size_t size)
{
    memset(dsdt, 0x5b, sizeof dsdt);
    dsdt_length = FADT_HEADER_SIZE + 5 + size;
    put(dsdt, 4, dsdt_length, 4);
    memcpy(dsdt + FADT_HEADER_SIZE + 5, aml, size);
}

static bool learn(void)
{
    memset(&power, 0xee, sizeof power);
    return power_from_acpi(&power, fadt, sizeof fadt, dsdt, dsdt_length);
}

#define S5 0x08, '_', 'S', '5', '_'

struct example {
    const char *what;
    unsigned char aml[24];
    size_t size;
    uint8_t a, b;
};
#define AML(...) {__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

static const struct example good[] = {
    {"QEMU's: four elements, all zero", AML(S5, 0x12, 0x06, 4, 0, 0, 0, 0), 0, 0},
    {"bytes", AML(S5, 0x12, 0x08, 4, 0x0a, 5, 0x0a, 7, 0, 0), 5, 7},
    {"rooted name", AML(0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 2, 0x0a, 7, 0x0a, 1), 7, 1},
    {"one and byte", AML(S5, 0x12, 0x05, 2, 0x01, 0x0a, 3), 1, 3},
    {"word and double word", AML(S5, 0x12, 0x0a, 2, 0x0b, 5, 0, 0x0c, 6, 0, 0, 0), 5, 6},
    {"length of two bytes", AML(S5, 0x12, 0x49, 0x00, 4, 0x0a, 5, 0x0a, 5, 0, 0), 5, 5},
    {"length of three bytes", AML(S5, 0x12, 0x88, 0x00, 0x00, 2, 0x0a, 5, 0x0a, 4), 5, 4},
    {"length of four bytes", AML(S5, 0x12, 0xc9, 0x00, 0x00, 0x00, 2, 0x0a, 2, 0x0a, 4), 2, 4},
    {"after one that is no package", AML(S5, 0x00, S5, 0x12, 0x05, 2, 0x0a, 5, 0x01), 5, 1},
};

static void s5_is_read_in_every_encoding(struct suite_run *run)
{
    make_fadt();
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        make_dsdt(good[i].aml, good[i].size);
        if (!learn())
            writer_print(run->writer, "    # %s\n", good[i].what);
        CHECK(run, power.known);
        CHECK_EQUAL(run, power.sleep_type_a, good[i].a);
        CHECK_EQUAL(run, power.sleep_type_b, good[i].b);
    }
}

static void a_dsdt_cut_off_anywhere_is_not_believed(struct suite_run *run)
{
    make_fadt();
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t size = 0; size < good[i].size; size++) {
            make_dsdt(good[i].aml, size);
            if (learn())
                writer_print(run->writer, "    # %s, %zu bytes of it\n", good[i].what, size);
            CHECK(run, !power.known);
        }
    }
}

static void what_is_no_s5_is_not_taken_for_one(struct suite_run *run)
{
    static const struct example bad[] = {
        {"no name", AML('_', 'S', '5', '_', 0x12, 0x06, 4, 0, 0, 0, 0), 0, 0},
        {"another state", AML(0x08, '_', 'S', '4', '_', 0x12, 0x06, 4, 0, 0, 0, 0), 0, 0},
        {"a method", AML(0x14, 0x08, '_', 'S', '5', '_', 0, 0xa4, 0), 0, 0},
        {"not a package", AML(S5, 0x11, 0x06, 4, 0, 0, 0, 0), 0, 0},
        {"one element", AML(S5, 0x12, 0x06, 1, 0, 0, 0, 0), 0, 0},
        {"package too short for two", AML(S5, 0x12, 0x03, 2, 0, 0), 0, 0},
        {"package longer than the table", AML(S5, 0x12, 0x0a, 2, 0, 0), 0, 0},
        {"package shorter than its length", AML(S5, 0x12, 0x40, 0x00, 2, 0, 0), 0, 0},
        {"sleep type of four bits", AML(S5, 0x12, 0x06, 2, 0x0a, 8, 0x0a, 5), 0, 0},
        {"wide word", AML(S5, 0x12, 0x08, 2, 0x0b, 5, 1, 0x0b, 5, 0), 0, 0},
        {"wide double word", AML(S5, 0x12, 0x08, 2, 0x0c, 5, 0, 0, 1, 0), 0, 0},
        {"a name as element", AML(S5, 0x12, 0x08, 2, 'A', 'B', 'C', 'D', 0), 0, 0},
    };

    make_fadt();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_dsdt(bad[i].aml, bad[i].size);
        if (learn())
            writer_print(run->writer, "    # %s\n", bad[i].what);
        CHECK(run, !power.known);
    }
}

static void ports_come_from_the_fadt(struct suite_run *run)
{
    make_dsdt(good[1].aml, good[1].size);
    make_fadt();
    CHECK(run, learn());
    CHECK_EQUAL(run, power.pm1a_control, 0x604);
    CHECK_EQUAL(run, power.pm1b_control, 0);
    CHECK_EQUAL(run, power.smi_command, 0xb2);
    CHECK_EQUAL(run, power.acpi_enable, 0xe1);

    put(fadt, FADT_PM1B_CONTROL, 0x704, 4);
    put_block(FADT_X_PM1A_CONTROL, 1, 0x804);
    put_block(FADT_X_PM1B_CONTROL, 0, 0xfed00000); // in memory: the old field counts
    CHECK(run, learn());
    CHECK_EQUAL(run, power.pm1a_control, 0x804);
    CHECK_EQUAL(run, power.pm1b_control, 0x704);

    make_fadt();
    put(fadt, FADT_PM1A_CONTROL, 0, 4);
    CHECK(run, !learn());
    put(fadt, FADT_PM1A_CONTROL, 0x10000, 4); // no port has this number
    CHECK(run, !learn());
    put(fadt, FADT_PM1A_CONTROL, 0xffff, 4);
    CHECK(run, learn());
}

static void a_machine_without_pm1_registers_is_not_known(struct suite_run *run)
{
    make_dsdt(good[0].aml, good[0].size);
    make_fadt();
    put(fadt, FADT_FLAGS, FADT_HARDWARE_REDUCED, 4);
    CHECK(run, !learn());
    put(fadt, FADT_FLAGS, ~FADT_HARDWARE_REDUCED, 4);
    CHECK(run, learn());
}

static void lengths_that_lie_are_noticed(struct suite_run *run)
{
    make_dsdt(good[0].aml, good[0].size);
    make_fadt();
    CHECK(run, !power_from_acpi(&power, fadt, sizeof fadt - 1, dsdt, dsdt_length));
    CHECK(run, !power_from_acpi(&power, fadt, sizeof fadt, dsdt, dsdt_length - 1));
    CHECK(run, !power_from_acpi(&power, fadt, 35, dsdt, dsdt_length));
    CHECK(run, power_from_acpi(&power, fadt, sizeof fadt, dsdt, sizeof dsdt));
    put(dsdt, 4, 35, 4);
    CHECK(run, !learn());
    put(dsdt, 4, UINT32_MAX, 4);
    CHECK(run, !learn());
    CHECK_EQUAL(run, fadt_table_length(dsdt, 0), 0);
}

static void fields_beyond_a_short_table_are_absent(struct suite_run *run)
{
    static const unsigned char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    CHECK_EQUAL(run, fadt_read(bytes, 8, 0, 8), 0x0807060504030201);
    CHECK_EQUAL(run, fadt_read(bytes, 8, 6, 2), 0x0807);
    CHECK_EQUAL(run, fadt_read(bytes, 8, 7, 2), 0);
    CHECK_EQUAL(run, fadt_read(bytes, 8, 8, 1), 0);
    CHECK_EQUAL(run, fadt_read(bytes, 8, 8, 0), 0);
    CHECK_EQUAL(run, fadt_read(bytes, 8, SIZE_MAX, 4), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(s5_is_read_in_every_encoding),
    SUITE_CASE(a_dsdt_cut_off_anywhere_is_not_believed),
    SUITE_CASE(what_is_no_s5_is_not_taken_for_one),
    SUITE_CASE(ports_come_from_the_fadt),
    SUITE_CASE(a_machine_without_pm1_registers_is_not_known),
    SUITE_CASE(lengths_that_lie_are_noticed),
    SUITE_CASE(fields_beyond_a_short_table_are_absent),
};
const struct suite power_suite = SUITE("power", cases);
