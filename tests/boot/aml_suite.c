// SPDX-License-Identifier: MIT
// What boot/acpi/aml.h promises: the two constants of \_S5_ are found where they are, and
// nothing is believed that the table does not hold.
#include "arch/x86_64/string.h"
#include "boot/acpi/aml.h"
#include "tests/boot/suites.h"

static unsigned char dsdt[512];
static size_t dsdt_length;
static struct acpi_s5 s5;

// Makes a DSDT of a header, some bytes that are no _S5_, and these.
static void make_dsdt(const unsigned char *aml, size_t size)
{
    memset(dsdt, 0x5b, sizeof dsdt);
    dsdt_length = ACPI_TABLE_HEADER_SIZE + 5 + size;
    memcpy(dsdt + ACPI_TABLE_HEADER_SIZE + 5, aml, size);
}

static bool find(void)
{
    const struct acpi_table table = {.length = (uint32_t)dsdt_length, .bytes = dsdt};

    memset(&s5, 0xee, sizeof s5);
    return acpi_aml_find_s5(&s5, &table);
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
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        make_dsdt(good[i].aml, good[i].size);
        bool found = find();
        if (!found)
            writer_print(run->writer, "    # %s\n", good[i].what);
        CHECK(run, found);
        CHECK_EQUAL(run, s5.type_a, good[i].a);
        CHECK_EQUAL(run, s5.type_b, good[i].b);
    }
}

static void a_dsdt_cut_off_anywhere_is_not_believed(struct suite_run *run)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t size = 0; size < good[i].size; size++) {
            make_dsdt(good[i].aml, size);
            bool found = find();
            if (found)
                writer_print(run->writer, "    # %s, %zu bytes of it\n", good[i].what, size);
            CHECK(run, !found);
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

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_dsdt(bad[i].aml, bad[i].size);
        bool found = find();
        if (found)
            writer_print(run->writer, "    # %s\n", bad[i].what);
        CHECK(run, !found);
    }
}

static void a_table_without_aml_has_none(struct suite_run *run)
{
    dsdt_length = ACPI_TABLE_HEADER_SIZE;
    CHECK(run, !find());
    dsdt_length = 0;
    CHECK(run, !find());
}

static const struct suite_case cases[] = {
    SUITE_CASE(s5_is_read_in_every_encoding),
    SUITE_CASE(a_dsdt_cut_off_anywhere_is_not_believed),
    SUITE_CASE(what_is_no_s5_is_not_taken_for_one),
    SUITE_CASE(a_table_without_aml_has_none),
};
const struct suite aml_suite = SUITE("aml", cases);
