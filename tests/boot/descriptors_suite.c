// SPDX-License-Identifier: MIT
// What arch/x86_64/descriptors.h promises of descriptors_build(), read back field by field as the
// processor reads it (SDM 3A figures 3-8, 7-4 and 7-11).
#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/string.h"
#include "tests/boot/suites.h"

static struct descriptors tables;

static void segments_are_flat_and_64_bit(struct suite_run *run)
{
    descriptors_build(&tables, NULL);
    uint64_t code = tables.gdt[DESCRIPTORS_KERNEL_CODE / 8];
    uint64_t data = tables.gdt[DESCRIPTORS_KERNEL_DATA / 8];

    CHECK_EQUAL(run, tables.gdt[0], 0);
    CHECK_EQUAL(run, code >> 40 & 0xff, 0x9b); // present, ring 0, code, readable, accessed
    CHECK_EQUAL(run, code >> 52 & 0xf, 2);     // L, and not D
    CHECK_EQUAL(run, data >> 40 & 0xff, 0x93); // present, ring 0, data, writable, accessed
}

static void the_tss_is_described_where_it_is(struct suite_run *run)
{
    memset(&tables, 0xee, sizeof tables);
    descriptors_build(&tables, NULL);
    uint64_t low = tables.gdt[DESCRIPTORS_TSS / 8];
    uint64_t high = tables.gdt[DESCRIPTORS_TSS / 8 + 1];
    uint64_t base = (low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32;

    CHECK_ADDRESS(run, base, &tables.tss);
    CHECK_EQUAL(run, high >> 32, 0);
    CHECK_EQUAL(run, (low & 0xffff) | (low >> 32 & 0xf0000), sizeof tables.tss - 1);
    CHECK_EQUAL(run, low >> 40 & 0xff, 0x89); // present, ring 0, available 64-bit TSS
    CHECK_EQUAL(run, tables.tss.rsp[0], 0);
    CHECK_EQUAL(run, tables.tss.io_map_base, sizeof tables.tss);
    for (size_t i = 0; i < 7; i++)
        CHECK_EQUAL(run, tables.tss.ist[i], 0);
}

static void interrupt_stacks_have_their_numbers(struct suite_run *run)
{
    static const uintptr_t tops[DESCRIPTORS_IST_COUNT] = {0x1000, 0x2000, 0x3000, 0x4000};

    descriptors_build(&tables, tops);
    CHECK_EQUAL(run, tables.tss.ist[DESCRIPTORS_IST_DOUBLE_FAULT - 1], 0x1000);
    CHECK_EQUAL(run, tables.tss.ist[DESCRIPTORS_IST_NMI - 1], 0x2000);
    CHECK_EQUAL(run, tables.tss.ist[DESCRIPTORS_IST_MACHINE_CHECK - 1], 0x3000);
    CHECK_EQUAL(run, tables.tss.ist[DESCRIPTORS_IST_PAGE_FAULT - 1], 0x4000);
    for (size_t i = DESCRIPTORS_IST_COUNT; i < 7; i++)
        CHECK_EQUAL(run, tables.tss.ist[i], 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(segments_are_flat_and_64_bit),
    SUITE_CASE(the_tss_is_described_where_it_is),
    SUITE_CASE(interrupt_stacks_have_their_numbers),
};
const struct suite descriptors_suite = SUITE("descriptors", cases);
