// SPDX-License-Identifier: MIT
// What boot/acpi promises of tables, processors and registers: tables that can be believed
// are found, anything else is skipped or named, and no byte outside mapped memory is read.
#include "arch/x86_64/string.h"
#include "boot/acpi/fadt.h"
#include "boot/acpi/madt.h"
#include "boot/acpi/spcr.h"
#include "boot/acpi/tables.h"
#include "kmem/fba_allocator.h"
#include "tests/boot/acpi_bytes.h"
#include "tests/boot/suites.h"

// Physical memory as this machine has it: what lies outside is not mapped.
#define START UINT64_C(0x7fe0000)
static unsigned char memory[2048];
static unsigned char heap[4096];
static struct fba fba;
static struct acpi_tables tables;
static struct acpi_processors processors;

// Where things lie in it.
enum { RSDP = 0, RSDT = 64, XSDT = 192, MADT = 320, FADT = 640, DSDT = 1024, OTHER = 1536 };
enum { LENGTH = 4, HEADER = 36 };

static const void *read_memory(void *context, uint64_t address, size_t size)
{
    (void)context;
    if (address < START || address - START > sizeof memory ||
        size > sizeof memory - (address - START))
        return NULL;
    return memory + (address - START);
}

static const struct acpi_memory physical_memory = {read_memory, NULL};

static void put(size_t offset, uint64_t number, size_t width)
{
    acpi_put(memory + offset, number, width);
}

static void fix_table(size_t offset)
{
    acpi_fix_table(memory + offset);
}

static void put_table(size_t offset, const char *signature, uint32_t length)
{
    memset(memory + offset, 0, length);
    acpi_put_table(memory + offset, signature, length);
}

static void set_root(uint8_t revision, uint64_t rsdt, uint64_t xsdt)
{
    acpi_put_pointer(memory + RSDP, revision, rsdt, xsdt);
}

// A machine with an RSDT that names a table called OLD!, and an XSDT that names MADT and FADT.
static void make_good(void)
{
    memset(memory, 0, sizeof memory);
    set_root(2, START + RSDT, START + XSDT);
    put_table(RSDT, "RSDT", HEADER + 4);
    put(RSDT + HEADER, START + OTHER, 4);
    fix_table(RSDT);
    put_table(XSDT, "XSDT", HEADER + 16);
    put(XSDT + HEADER, START + MADT, 8);
    put(XSDT + HEADER + 8, START + FADT, 8);
    fix_table(XSDT);
    put_table(MADT, "APIC", 44);
    put_table(FADT, "FACP", 244);
    put_table(DSDT, "DSDT", 100);
    put_table(OTHER, "OLD!", HEADER);
}

static enum acpi_status read_from(uint64_t rsdp)
{
    enum acpi_status status =
        acpi_tables_read(&tables, rsdp, &physical_memory, fba_allocator(&fba));

    processors = (struct acpi_processors){0};
    if (status == ACPI_OK &&
        !acpi_madt_read(&processors, acpi_tables_find(&tables, "APIC"), fba_allocator(&fba)))
        return ACPI_NO_MEMORY;
    return status;
}

static enum acpi_status read_tables(void)
{
    fba_init(&fba, heap, sizeof heap);
    return read_from(START + RSDP);
}

static const struct acpi_table *table(size_t index)
{
    return array_list_at(&tables.list, index);
}

static const struct acpi_processor *processor(size_t index)
{
    return array_list_at(&processors.list, index);
}

static void tables_come_in_their_order(struct suite_run *run)
{
    make_good();
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 2);
    CHECK_TEXT(run, table(0)->signature, "APIC");
    CHECK_TEXT(run, table(1)->signature, "FACP");
    CHECK_EQUAL(run, table(1)->length, 244);
    CHECK_ADDRESS(run, table(1)->bytes, memory + FADT);
    CHECK_EQUAL(run, tables.skipped, 0);
    CHECK_EQUAL(run, processors.list.count, 0);
    CHECK_ADDRESS(run, acpi_tables_find(&tables, "FACP"), table(1));
    CHECK(run, !acpi_tables_find(&tables, "HPET"));
    CHECK(run, !acpi_tables_find(&tables, "OLD!"));
}

static void without_an_xsdt_the_rsdt_is_read(struct suite_run *run)
{
    make_good();
    set_root(0, START + RSDT, START + XSDT); // the first revision knows no XSDT
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 1);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
    set_root(2, START + RSDT, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
}

static void a_root_pointer_that_cannot_be_believed_is_named(struct suite_run *run)
{
    fba_init(&fba, heap, sizeof heap);
    make_good();
    CHECK_EQUAL(run, read_from(0), ACPI_ABSENT);
    CHECK_EQUAL(run, tables.list.count + processors.list.count, 0);
    CHECK_EQUAL(run, read_from(START - 1), ACPI_UNREACHABLE);
    CHECK_EQUAL(run, read_from(START + sizeof memory - 19), ACPI_UNREACHABLE);
    CHECK_EQUAL(run, read_from(UINT64_MAX), ACPI_UNREACHABLE);

    for (size_t i = 0; i < 8; i++) { // each letter of the signature
        make_good();
        memory[RSDP + i] ^= 0x20;
        acpi_fix_pointer(memory + RSDP);
        CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
    }
    for (size_t i = 8; i < 36; i++) { // each other byte, without mending the sums
        make_good();
        set_root(2, 0, START + XSDT);
        memory[RSDP + i] ^= 0x80;
        CHECK_EQUAL(run, read_tables(), ACPI_BAD_CHECKSUM);
    }
}

static void behind_a_damaged_end_of_the_root_pointer_the_rsdt_is_read(struct suite_run *run)
{
    for (size_t i = 20; i < 36; i++) {
        make_good();
        memory[RSDP + i] ^= 0x80;
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK(run, tables.has_bad_xsdt);
        CHECK_TEXT(run, table(0)->signature, "OLD!");
    }
}

static void a_long_root_pointer_must_be_mapped_to_its_end(struct suite_run *run)
{
    make_good();
    memcpy(memory + sizeof memory - 20, memory + RSDP, 20);
    fba_init(&fba, heap, sizeof heap);
    CHECK_EQUAL(run, read_from(START + sizeof memory - 20), ACPI_OK);
    CHECK(run, tables.has_bad_xsdt);
    set_root(2, 0, START + XSDT);
    memcpy(memory + sizeof memory - 20, memory + RSDP, 20);
    CHECK_EQUAL(run, read_from(START + sizeof memory - 20), ACPI_UNREACHABLE);
}

static void a_root_table_that_cannot_be_believed_is_named(struct suite_run *run)
{
    static const uint64_t unmapped[] = {1, START - 1, START + sizeof memory - 35, UINT64_MAX};

    for (size_t i = 0; i < sizeof unmapped / sizeof unmapped[0]; i++) {
        make_good();
        set_root(2, 0, unmapped[i]);
        CHECK_EQUAL(run, read_tables(), ACPI_UNREACHABLE);
    }
    make_good();
    set_root(2, 0, START + XSDT);
    memory[XSDT + 40] ^= 1;
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_CHECKSUM);
    make_good();
    set_root(2, 0, START + XSDT);
    acpi_put_text(memory + XSDT, "RSDT"); // entries of the wrong size would be read
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
    make_good();
    set_root(0, START + XSDT, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
}

static void a_good_rsdt_takes_the_place_of_a_bad_xsdt(struct suite_run *run)
{
    make_good();
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !tables.has_bad_xsdt);
    memory[XSDT + 40] ^= 1;
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, tables.has_bad_xsdt);
    CHECK_EQUAL(run, tables.list.count, 1);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
    memory[RSDT + HEADER] ^= 1; // neither is good: the XSDT's defect is the one that is named
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_CHECKSUM);
    CHECK(run, !tables.has_bad_xsdt);
    set_root(2, START + RSDT, START + sizeof memory);
    CHECK_EQUAL(run, read_tables(), ACPI_UNREACHABLE);
}

static void an_rsdt_that_leads_to_more_tables_takes_the_place_of_the_xsdt(struct suite_run *run)
{
    make_good();
    put(XSDT + HEADER + 4, 0xdeadbeef, 4); // of both entries the upper half
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK); // one each: the XSDT's stays
    CHECK(run, !tables.has_bad_xsdt);
    CHECK_EQUAL(run, tables.skipped, 1);
    CHECK_TEXT(run, table(0)->signature, "FACP");
    put(XSDT + HEADER + 12, 0xdeadbeef, 4);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, tables.has_bad_xsdt);
    CHECK_EQUAL(run, tables.list.count, 1);
    CHECK_EQUAL(run, tables.skipped, 0);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
    make_good();
    put(XSDT + LENGTH, HEADER, 4); // no entries
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
}

static void damaged_tables_are_skipped_and_counted(struct suite_run *run)
{
    static const uint32_t lengths[] = {0, 35, sizeof memory, (64u << 20) + 1, UINT32_MAX};

    make_good();
    memory[MADT + 20] ^= 1;
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 1);
    CHECK_EQUAL(run, tables.skipped, 1);
    CHECK_TEXT(run, table(0)->signature, "FACP");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_good();
        put(MADT + LENGTH, lengths[i], 4);
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK_EQUAL(run, tables.list.count, 1);
        CHECK_EQUAL(run, tables.skipped, 1);
    }
    make_good();
    put(XSDT + HEADER, START + sizeof memory, 8);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.skipped, 1);
}

static void half_an_entry_is_none(struct suite_run *run)
{
    make_good();
    put(XSDT + LENGTH, HEADER + 15, 4);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 1);
    set_root(2, 0, START + XSDT);
    put(XSDT + LENGTH, HEADER, 4);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 0);
}

// Appends a structure to the MADT: its type, its length, and the bytes behind them.
static void add_structure(uint8_t type, uint8_t length, const unsigned char *bytes, size_t count)
{
    size_t at = memory[MADT + LENGTH];

    memory[MADT + at] = type;
    memory[MADT + at + 1] = length;
    memcpy(memory + MADT + at + 2, bytes, count);
    put(MADT + LENGTH, at + 2 + count, 4);
    fix_table(MADT);
}
#define STRUCTURE(type, length, ...)                                                               \
    add_structure((type), (length), (const unsigned char[]){__VA_ARGS__},                          \
                  sizeof((const unsigned char[]){__VA_ARGS__}))

static void processors_are_counted(struct suite_run *run)
{
    make_good();
    STRUCTURE(1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); // an I/O APIC
    STRUCTURE(0, 8, 10, 20, 1, 0, 0, 0);
    STRUCTURE(0, 8, 11, 21, 0, 0, 0, 0); // not enabled
    STRUCTURE(0, 8, 12, 22, 2, 0, 0, 0); // online capable, not enabled
    STRUCTURE(77, 2 + 1, 1);
    STRUCTURE(9, 16, 0, 0, 0x44, 0x33, 0x22, 0x11, 1, 0, 0, 0, 0x88, 0x77, 0x66, 0x55);
    STRUCTURE(9, 16, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, processors.list.count, 5);
    CHECK_EQUAL(run, processors.enabled, 2);
    CHECK_EQUAL(run, processor(0)->uid, 10);
    CHECK_EQUAL(run, processor(0)->apic_id, 20);
    CHECK(run, processor(0)->enabled);
    CHECK(run, !processor(1)->enabled && !processor(2)->enabled);
    CHECK_EQUAL(run, processor(3)->apic_id, 0x11223344);
    CHECK_EQUAL(run, processor(3)->uid, 0x55667788);
    CHECK(run, processor(3)->enabled);
    CHECK_EQUAL(run, processor(4)->apic_id, 0x201);
    CHECK(run, !processor(4)->enabled);
}

static void each_id_is_listed_once(struct suite_run *run)
{
    make_good();
    STRUCTURE(0, 8, 1, 5, 0, 0, 0, 0);
    STRUCTURE(9, 16, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0); // the same, and enabled
    STRUCTURE(0, 8, 3, 5, 1, 0, 0, 0);
    STRUCTURE(0, 8, 4, 0xff, 1, 0, 0, 0); // these two mean all processors
    STRUCTURE(9, 16, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 5, 0, 0, 0);
    STRUCTURE(9, 16, 0, 0, 0xff, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0); // this does not
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, processors.list.count, 2);
    CHECK_EQUAL(run, processors.enabled, 2);
    CHECK_EQUAL(run, processors.dropped, 4);
    CHECK_EQUAL(run, processor(0)->apic_id, 5);
    CHECK_EQUAL(run, processor(0)->uid, 1);
    CHECK(run, processor(0)->enabled);
    CHECK_EQUAL(run, processor(1)->apic_id, 0xff);
}

static void an_unused_entry_is_no_damage(struct suite_run *run)
{
    make_good();
    put(XSDT + HEADER, 0, 8);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, tables.list.count, 1);
    CHECK_EQUAL(run, tables.skipped, 0);
}

static void a_damaged_structure_ends_the_count(struct suite_run *run)
{
    for (uint8_t length = 0; length < 16; length++) {
        make_good();
        STRUCTURE(0, 8, 1, 1, 1, 0, 0, 0);
        STRUCTURE(length == 8 ? 1 : 0, length, 2, 2, 1, 0, 0, 0); // says another length
        STRUCTURE(0, 8, 3, 3, 1, 0, 0, 0);
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK(run, processors.list.count >= 1);
        CHECK_EQUAL(run, processor(0)->uid, 1);
        if (length < 2)
            CHECK_EQUAL(run, processors.list.count, 1);
        CHECK(run, length >= 2 || processors.is_damaged);
        if (length == 8)
            CHECK_EQUAL(run, processors.list.count, 2);
    }
    make_good();
    STRUCTURE(0, 8, 1, 1, 1, 0, 0, 0);
    STRUCTURE(0, 8, 2, 2, 1, 0, 0); // the table ends in it
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, processors.list.count, 1);
    CHECK(run, processors.is_damaged);
    make_good();
    STRUCTURE(0, 7, 1, 1, 1, 0, 0); // too short for what it says to be
    STRUCTURE(9, 15, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
    STRUCTURE(0, 8, 5, 6, 1, 0, 0, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, processors.list.count, 1);
    CHECK_EQUAL(run, processors.dropped, 2);
    CHECK(run, !processors.is_damaged);
    CHECK_EQUAL(run, processor(0)->uid, 5);
}

static void every_failed_allocation_is_reported(struct suite_run *run)
{
    make_good();
    for (unsigned char i = 0; i < 20; i++)
        STRUCTURE(0, 8, i, i, 1, 0, 0, 0);
    size_t size = 0;
    for (; size <= sizeof heap; size += 4) {
        fba_init(&fba, heap, size);
        enum acpi_status status = read_from(START + RSDP);
        if (status == ACPI_OK)
            break;
        CHECK_EQUAL(run, status, ACPI_NO_MEMORY);
        CHECK(run, tables.list.count <= 2 && processors.list.count < 20);
    }
    CHECK(run, size >= 2 * sizeof(struct acpi_table) + 20 * sizeof(struct acpi_processor));
    CHECK(run, size < sizeof heap);
    CHECK_EQUAL(run, processors.list.count, 20);
}

// The DSDT as the FADT in memory names it; NULL if it names none that can be read.
static bool dsdt_has_bad_sum;

static const void *find_dsdt(void)
{
    struct acpi_table dsdt = {0};
    struct acpi_fadt fadt;

    fix_table(FADT);
    if (read_tables() != ACPI_OK || !acpi_tables_find(&tables, "FACP"))
        return NULL;
    acpi_fadt_read(&fadt, acpi_tables_find(&tables, "FACP"));
    return acpi_fadt_find_dsdt(&dsdt, &dsdt_has_bad_sum, &fadt, &physical_memory) &&
                   dsdt.length == 100
               ? dsdt.bytes
               : NULL;
}

static void the_dsdt_is_where_the_fadt_says(struct suite_run *run)
{
    make_good();
    CHECK(run, !find_dsdt()); // named nowhere
    put(FADT + 40, START + DSDT, 4);
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);
    put(FADT + 40, 0, 4);
    put(FADT + 140, START + DSDT, 8);
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);

    put(FADT + LENGTH, 147, 4); // too short for the wider field
    CHECK(run, !find_dsdt());
    put(FADT + LENGTH, 43, 4); // and for the other
    put(FADT + 40, START + DSDT, 4);
    CHECK(run, !find_dsdt());
    put(FADT + LENGTH, 44, 4);
    CHECK(run, find_dsdt() && !dsdt_has_bad_sum);
    put(DSDT + LENGTH, 35, 4);
    CHECK(run, !find_dsdt());
}

// A wrong sum alone says little: ACPICA, which most systems have, warns and goes on.
static void a_dsdt_with_a_wrong_sum_is_taken_if_there_is_no_other(struct suite_run *run)
{
    make_good();
    put(FADT + 40, START + DSDT, 4);
    memory[DSDT + 50] ^= 1;
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);
    CHECK(run, dsdt_has_bad_sum);
    put(FADT + 40, 0, 4);
    put(FADT + 140, START + DSDT, 8);
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);
    CHECK(run, dsdt_has_bad_sum);
    // Another table, of the same signature, whose sum is right.
    for (size_t i = 0; i < 100; i++)
        memory[OTHER + i] = memory[DSDT + i];
    fix_table(OTHER);
    put(FADT + 40, START + OTHER, 4);
    CHECK_ADDRESS(run, find_dsdt(), memory + OTHER);
    CHECK(run, !dsdt_has_bad_sum);
}

static void a_wider_field_that_leads_nowhere_gives_way_to_the_other(struct suite_run *run)
{
    make_good();
    put(FADT + 40, START + DSDT, 4);
    put(FADT + 140, START + OTHER, 8); // another table
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);
    put(FADT + 140, START + sizeof memory, 8);
    CHECK_ADDRESS(run, find_dsdt(), memory + DSDT);
}

static struct acpi_fadt read_fadt(void)
{
    struct acpi_fadt fadt = {0};

    fix_table(FADT);
    if (read_tables() == ACPI_OK)
        acpi_fadt_read(&fadt, acpi_tables_find(&tables, "FACP"));
    return fadt;
}

// Puts a Generic Address Structure.
static void put_address(size_t offset, uint8_t space, uint8_t bits, uint8_t access,
                        uint64_t address)
{
    memory[offset] = space;
    memory[offset + 1] = bits;
    memory[offset + 3] = access;
    put(offset + 4, address, 8);
}

static void registers_are_where_the_fadt_says(struct suite_run *run)
{
    make_good();
    put(FADT + 48, 0xb2, 4);
    memory[FADT + 52] = 0xe1;
    put(FADT + 64, 0x604, 4);
    put(FADT + 76, 0x608, 4);
    memory[FADT + 91] = 4;
    struct acpi_fadt fadt = read_fadt();
    CHECK_EQUAL(run, fadt.smi_command, 0xb2);
    CHECK_EQUAL(run, fadt.acpi_enable, 0xe1);
    CHECK_EQUAL(run, fadt.pm1a_control, 0x604);
    CHECK_EQUAL(run, fadt.pm1b_control, 0);
    CHECK_EQUAL(run, fadt.timer, 0x608);
    CHECK(run, !fadt.timer_is_32_bits && !fadt.is_reduced);

    put(FADT + 68, 0x704, 4);
    put_address(FADT + 172, 1, 16, 2, 0x804);
    put_address(FADT + 184, 0, 16, 2, 0xfed00000); // in memory: the 32-bit field counts
    put_address(FADT + 208, 1, 32, 3, 0x1808);
    put(FADT + 112, 1 << 8 | 1 << 20, 4);
    fadt = read_fadt();
    CHECK_EQUAL(run, fadt.pm1a_control, 0x804);
    CHECK_EQUAL(run, fadt.pm1b_control, 0x704);
    CHECK_EQUAL(run, fadt.timer, 0x1808);
    CHECK(run, fadt.timer_is_32_bits && fadt.is_reduced);
}

static void no_port_has_a_number_of_more_than_16_bits(struct suite_run *run)
{
    make_good();
    put(FADT + 48, 0x10000, 4);
    put(FADT + 64, 0x10000, 4);
    put(FADT + 68, 0xffff, 4);
    struct acpi_fadt fadt = read_fadt();
    CHECK_EQUAL(run, fadt.smi_command, 0);
    CHECK_EQUAL(run, fadt.pm1a_control, 0);
    CHECK_EQUAL(run, fadt.pm1b_control, 0xffff);
}

static void a_timer_of_no_length_is_none(struct suite_run *run)
{
    make_good();
    put(FADT + 76, 0x608, 4);
    CHECK_EQUAL(run, read_fadt().timer, 0);
    memory[FADT + 91] = 4;
    CHECK_EQUAL(run, read_fadt().timer, 0x608);
}

static void fields_beyond_a_short_table_are_absent(struct suite_run *run)
{
    static const unsigned char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const struct acpi_table short_table = {.length = 8, .bytes = bytes};

    CHECK_EQUAL(run, acpi_table_read(&short_table, 0, 8), 0x0807060504030201);
    CHECK_EQUAL(run, acpi_table_read(&short_table, 6, 2), 0x0807);
    CHECK_EQUAL(run, acpi_table_read(&short_table, 7, 2), 0);
    CHECK_EQUAL(run, acpi_table_read(&short_table, 8, 1), 0);
    CHECK_EQUAL(run, acpi_table_read(&short_table, 8, 0), 0);
    CHECK_EQUAL(run, acpi_table_read(&short_table, SIZE_MAX, 4), 0);
    CHECK_EQUAL(run, acpi_table_read_address(&short_table, 0).address, 0);
    CHECK_EQUAL(run, acpi_table_read_address(&short_table, SIZE_MAX).address, 0);
}

static void no_fadt_no_dsdt(struct suite_run *run)
{
    make_good();
    set_root(0, START + RSDT, 0);
    CHECK(run, !find_dsdt());
}

// Makes the table at MADT an SPCR of this length, and reads it.
static bool read_spcr(struct acpi_spcr *spcr, uint8_t type, uint32_t length)
{
    memory[MADT + 36] = type;
    put(MADT + LENGTH, length, 4);
    fix_table(MADT);
    return read_tables() == ACPI_OK && acpi_spcr_read(spcr, acpi_tables_find(&tables, "SPCR"));
}

static void the_serial_port_is_where_spcr_says(struct suite_run *run)
{
    struct acpi_spcr spcr = {0};

    make_good();
    put_table(MADT, "SPCR", 80);
    put_address(MADT + 40, 1, 8, 0, 0x2f8);
    CHECK(run, read_spcr(&spcr, 1, 80));
    CHECK_EQUAL(run, spcr.type, ACPI_SPCR_16550_SUBSET);
    CHECK_EQUAL(run, spcr.address.space, ACPI_SPACE_IO);
    CHECK_EQUAL(run, spcr.address.bits, 8);
    CHECK_EQUAL(run, spcr.address.access_bytes, 0); // not specified
    CHECK_EQUAL(run, spcr.address.address, 0x2f8);
    CHECK(run, read_spcr(&spcr, 0, 52));
    CHECK(run, !read_spcr(&spcr, 0, 51));

    put_address(MADT + 40, 0, 32, 3, UINT64_C(0x1fe030000));
    CHECK(run, read_spcr(&spcr, 0x12, 80));
    CHECK_EQUAL(run, spcr.type, ACPI_SPCR_16550_GAS);
    CHECK_EQUAL(run, spcr.address.space, ACPI_SPACE_MEMORY);
    CHECK_EQUAL(run, spcr.address.bits, 32);
    CHECK_EQUAL(run, spcr.address.access_bytes, 4);
    CHECK_EQUAL(run, spcr.address.address, 0x1fe030000);

    put_address(MADT + 40, 1, 8, 5, 0);
    CHECK(run, !read_spcr(&spcr, 0, 80)); // no address
    CHECK_EQUAL(run, spcr.address.access_bytes, 0);
}

static void the_rate_of_the_serial_port_is_named_by_code_or_number(struct suite_run *run)
{
    static const struct {
        uint8_t revision, code;
        uint32_t precise, baud, clock_hz;
    } rows[] = {
        {1, 0, 0, 0, 0},       {1, 3, 0, 9600, 0},     {2, 4, 9, 19200, 0},
        {3, 6, 9, 57600, 777}, {4, 7, 0, 115200, 777}, {4, 7, 1500000, 1500000, 777},
        {4, 5, 0, 0, 777},
    };
    struct acpi_spcr spcr = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_good();
        put_table(OTHER, "SPCR", 88);
        put(XSDT + HEADER, START + OTHER, 8);
        fix_table(XSDT);
        memory[OTHER + 8] = rows[i].revision;
        memory[OTHER + 44] = 0xf8;
        memory[OTHER + 58] = rows[i].code;
        put(OTHER + 76, 777, 4);
        put(OTHER + 80, rows[i].precise, 4);
        fix_table(OTHER);
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK(run, acpi_spcr_read(&spcr, acpi_tables_find(&tables, "SPCR")));
        CHECK_EQUAL(run, spcr.baud, rows[i].baud);
        CHECK_EQUAL(run, spcr.clock_hz, rows[i].clock_hz);
    }
}

static void a_serial_port_may_be_a_pci_device(struct suite_run *run)
{
    struct acpi_spcr spcr = {0};

    make_good();
    put_table(MADT, "SPCR", 80);
    put(MADT + 64, 0xffffffff, 4);
    CHECK(run, !read_spcr(&spcr, 0, 80));
    put(MADT + 64, 0x1b360002, 4);
    put(MADT + 68, 0x060504, 4);
    put(MADT + 75, 1, 1);
    CHECK(run, read_spcr(&spcr, 0, 80));
    CHECK_EQUAL(run, spcr.address.address, 0);
    CHECK(run, spcr.pci.is_named);
    CHECK_EQUAL(run, spcr.pci.segment, 1);
    CHECK_EQUAL(run, spcr.pci.bus, 4);
    CHECK_EQUAL(run, spcr.pci.device, 5);
    CHECK_EQUAL(run, spcr.pci.function, 6);
    CHECK(run, !read_spcr(&spcr, 0, 66)); // too short to name it
}

static const struct suite_case cases[] = {
    SUITE_CASE(tables_come_in_their_order),
    SUITE_CASE(without_an_xsdt_the_rsdt_is_read),
    SUITE_CASE(a_root_pointer_that_cannot_be_believed_is_named),
    SUITE_CASE(a_long_root_pointer_must_be_mapped_to_its_end),
    SUITE_CASE(a_root_table_that_cannot_be_believed_is_named),
    SUITE_CASE(a_good_rsdt_takes_the_place_of_a_bad_xsdt),
    SUITE_CASE(behind_a_damaged_end_of_the_root_pointer_the_rsdt_is_read),
    SUITE_CASE(an_rsdt_that_leads_to_more_tables_takes_the_place_of_the_xsdt),
    SUITE_CASE(damaged_tables_are_skipped_and_counted),
    SUITE_CASE(half_an_entry_is_none),
    SUITE_CASE(an_unused_entry_is_no_damage),
    SUITE_CASE(processors_are_counted),
    SUITE_CASE(each_id_is_listed_once),
    SUITE_CASE(a_damaged_structure_ends_the_count),
    SUITE_CASE(every_failed_allocation_is_reported),
    SUITE_CASE(the_dsdt_is_where_the_fadt_says),
    SUITE_CASE(a_dsdt_with_a_wrong_sum_is_taken_if_there_is_no_other),
    SUITE_CASE(a_wider_field_that_leads_nowhere_gives_way_to_the_other),
    SUITE_CASE(no_fadt_no_dsdt),
    SUITE_CASE(registers_are_where_the_fadt_says),
    SUITE_CASE(no_port_has_a_number_of_more_than_16_bits),
    SUITE_CASE(a_timer_of_no_length_is_none),
    SUITE_CASE(fields_beyond_a_short_table_are_absent),
    SUITE_CASE(the_serial_port_is_where_spcr_says),
    SUITE_CASE(the_rate_of_the_serial_port_is_named_by_code_or_number),
    SUITE_CASE(a_serial_port_may_be_a_pci_device),
};
const struct suite acpi_suite = SUITE("acpi", cases);
