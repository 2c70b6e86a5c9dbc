// SPDX-License-Identifier: MIT
// What boot/kernel/acpi.h promises: tables that can be believed are found, anything else is
// skipped or named, and no byte outside mapped memory is read.
#include "arch/x86_64/string.h"
#include "boot/kernel/acpi.h"
#include "kmem/fba_allocator.h"
#include "tests/boot/suites.h"

// Physical memory as this machine has it: what lies outside is not mapped.
#define START UINT64_C(0x7fe0000)
static unsigned char memory[2048];
static unsigned char heap[4096];
static struct fba fba;
static struct acpi acpi;

// Where things lie in it.
enum { RSDP = 0, RSDT = 64, XSDT = 192, MADT = 320, FADT = 640, DSDT = 1024, OTHER = 1536 };
enum { REVISION = 15, RSDT_ADDRESS = 16, XSDT_ADDRESS = 24, LENGTH = 4, HEADER = 36 };

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
    for (size_t i = 0; i < width; i++)
        memory[offset + i] = (unsigned char)(number >> (8 * i));
}

static void put_text(size_t offset, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        memory[offset + i] = (unsigned char)text[i];
}

// Makes the bytes [offset, offset + length) sum to zero through the one at `at`.
static void fix_sum(size_t offset, size_t length, size_t at)
{
    unsigned char sum = 0;

    memory[at] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (unsigned char)(sum + memory[offset + i]);
    memory[at] = (unsigned char)(0 - sum);
}

static void fix_table(size_t offset)
{
    size_t length = memory[offset + LENGTH] | (size_t)memory[offset + LENGTH + 1] << 8;

    fix_sum(offset, length, offset + 9);
}

static void put_table(size_t offset, const char *signature, uint32_t length)
{
    memset(memory + offset, 0, length);
    put_text(offset, signature);
    put(offset + LENGTH, length, 4);
    fix_table(offset);
}

static void fix_rsdp(void)
{
    fix_sum(RSDP, 20, RSDP + 8);
    fix_sum(RSDP, 36, RSDP + 32);
}

static void set_root(uint8_t revision, uint64_t rsdt, uint64_t xsdt)
{
    put_text(RSDP, "RSD PTR ");
    memory[RSDP + REVISION] = revision;
    put(RSDP + RSDT_ADDRESS, rsdt, 4);
    put(RSDP + XSDT_ADDRESS, xsdt, 8);
    fix_rsdp();
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

static enum acpi_status read_tables(void)
{
    fba_init(&fba, heap, sizeof heap);
    return acpi_read_tables(&acpi, START + RSDP, &physical_memory, fba_allocator(&fba));
}

static const struct acpi_table *table(size_t index)
{
    return array_list_at(&acpi.tables, index);
}

static const struct acpi_processor *processor(size_t index)
{
    return array_list_at(&acpi.processors, index);
}

static void tables_come_in_their_order(struct suite_run *run)
{
    make_good();
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.tables.count, 2);
    CHECK_TEXT(run, table(0)->signature, "APIC");
    CHECK_TEXT(run, table(1)->signature, "FACP");
    CHECK_EQUAL(run, table(1)->length, 244);
    CHECK_ADDRESS(run, table(1)->bytes, memory + FADT);
    CHECK_EQUAL(run, acpi.skipped, 0);
    CHECK_EQUAL(run, acpi.processors.count, 0);
    CHECK_ADDRESS(run, acpi_find(&acpi, "FACP"), table(1));
    CHECK(run, !acpi_find(&acpi, "HPET"));
    CHECK(run, !acpi_find(&acpi, "OLD!"));
}

static void without_an_xsdt_the_rsdt_is_read(struct suite_run *run)
{
    make_good();
    set_root(0, START + RSDT, START + XSDT); // the first revision knows no XSDT
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.tables.count, 1);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
    set_root(2, START + RSDT, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_TEXT(run, table(0)->signature, "OLD!");
}

static void a_root_pointer_that_cannot_be_believed_is_named(struct suite_run *run)
{
    fba_init(&fba, heap, sizeof heap);
    make_good();
    CHECK_EQUAL(run, acpi_read_tables(&acpi, 0, &physical_memory, fba_allocator(&fba)),
                ACPI_ABSENT);
    CHECK_EQUAL(run, acpi.tables.count + acpi.processors.count, 0);
    CHECK_EQUAL(run, acpi_read_tables(&acpi, START - 1, &physical_memory, fba_allocator(&fba)),
                ACPI_UNREACHABLE);
    CHECK_EQUAL(
        run,
        acpi_read_tables(&acpi, START + sizeof memory - 19, &physical_memory, fba_allocator(&fba)),
        ACPI_UNREACHABLE);
    CHECK_EQUAL(run, acpi_read_tables(&acpi, UINT64_MAX, &physical_memory, fba_allocator(&fba)),
                ACPI_UNREACHABLE);

    for (size_t i = 0; i < 8; i++) { // each letter of the signature
        make_good();
        memory[RSDP + i] ^= 0x20;
        fix_rsdp();
        CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
    }
    for (size_t i = 8; i < 36; i++) { // each other byte, without mending the sums
        make_good();
        memory[RSDP + i] ^= 0x80;
        CHECK_EQUAL(run, read_tables(), ACPI_BAD_CHECKSUM);
    }
}

static void a_long_root_pointer_must_be_mapped_to_its_end(struct suite_run *run)
{
    make_good();
    memcpy(memory + sizeof memory - 20, memory + RSDP, 20);
    fba_init(&fba, heap, sizeof heap);
    CHECK_EQUAL(
        run,
        acpi_read_tables(&acpi, START + sizeof memory - 20, &physical_memory, fba_allocator(&fba)),
        ACPI_UNREACHABLE);
}

static void a_root_table_that_cannot_be_believed_is_named(struct suite_run *run)
{
    static const uint64_t unmapped[] = {1, START - 1, START + sizeof memory - 35, UINT64_MAX};

    for (size_t i = 0; i < sizeof unmapped / sizeof unmapped[0]; i++) {
        make_good();
        set_root(2, START + RSDT, unmapped[i]);
        CHECK_EQUAL(run, read_tables(), ACPI_UNREACHABLE);
    }
    make_good();
    memory[XSDT + 40] ^= 1;
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_CHECKSUM);
    make_good();
    put_text(XSDT, "RSDT"); // entries of the wrong size would be read
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
    make_good();
    set_root(0, START + XSDT, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_BAD_SIGNATURE);
}

static void damaged_tables_are_skipped_and_counted(struct suite_run *run)
{
    static const uint32_t lengths[] = {0, 35, sizeof memory, (64u << 20) + 1, UINT32_MAX};

    make_good();
    memory[MADT + 20] ^= 1;
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.tables.count, 1);
    CHECK_EQUAL(run, acpi.skipped, 1);
    CHECK_TEXT(run, table(0)->signature, "FACP");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_good();
        put(MADT + LENGTH, lengths[i], 4);
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK_EQUAL(run, acpi.tables.count, 1);
        CHECK_EQUAL(run, acpi.skipped, 1);
    }
    make_good();
    put(XSDT + HEADER, START + sizeof memory, 8);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.skipped, 1);
}

static void half_an_entry_is_none(struct suite_run *run)
{
    make_good();
    put(XSDT + LENGTH, HEADER + 15, 4);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.tables.count, 1);
    put(XSDT + LENGTH, HEADER, 4);
    fix_table(XSDT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.tables.count, 0);
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
    CHECK_EQUAL(run, acpi.processors.count, 5);
    CHECK_EQUAL(run, acpi.enabled, 2);
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

static void a_damaged_structure_ends_the_count(struct suite_run *run)
{
    for (uint8_t length = 0; length < 16; length++) {
        make_good();
        STRUCTURE(0, 8, 1, 1, 1, 0, 0, 0);
        STRUCTURE(length == 8 ? 1 : 0, length, 2, 2, 1, 0, 0, 0); // says another length
        STRUCTURE(0, 8, 3, 3, 1, 0, 0, 0);
        CHECK_EQUAL(run, read_tables(), ACPI_OK);
        CHECK(run, acpi.processors.count >= 1);
        CHECK_EQUAL(run, processor(0)->uid, 1);
        if (length < 2)
            CHECK_EQUAL(run, acpi.processors.count, 1);
        if (length == 8)
            CHECK_EQUAL(run, acpi.processors.count, 2);
    }
    make_good();
    STRUCTURE(0, 8, 1, 1, 1, 0, 0, 0);
    STRUCTURE(0, 8, 2, 2, 1, 0, 0); // the table ends in it
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.processors.count, 1);
    make_good();
    STRUCTURE(0, 7, 1, 1, 1, 0, 0); // too short for what it says to be
    STRUCTURE(9, 15, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
    STRUCTURE(0, 8, 5, 6, 1, 0, 0, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi.processors.count, 1);
    CHECK_EQUAL(run, processor(0)->uid, 5);
}

static void every_refusal_of_memory_is_reported(struct suite_run *run)
{
    make_good();
    for (unsigned char i = 0; i < 20; i++)
        STRUCTURE(0, 8, i, i, 1, 0, 0, 0);
    size_t size = 0;
    for (; size <= sizeof heap; size += 4) {
        fba_init(&fba, heap, size);
        enum acpi_status status =
            acpi_read_tables(&acpi, START + RSDP, &physical_memory, fba_allocator(&fba));
        if (status == ACPI_OK)
            break;
        CHECK_EQUAL(run, status, ACPI_NO_MEMORY);
        CHECK(run, acpi.tables.count <= 2 && acpi.processors.count < 20);
    }
    CHECK(run, size >= 2 * sizeof(struct acpi_table) + 20 * sizeof(struct acpi_processor));
    CHECK(run, size < sizeof heap);
    CHECK_EQUAL(run, acpi.processors.count, 20);
}

static void the_dsdt_is_where_the_fadt_says(struct suite_run *run)
{
    size_t length = 0;

    make_good();
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length)); // named nowhere

    put(FADT + 40, START + DSDT, 4);
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_ADDRESS(run, acpi_find_dsdt(&acpi, &physical_memory, &length), memory + DSDT);
    CHECK_EQUAL(run, length, 100);

    put(FADT + 140, START + OTHER, 8); // the wider field overrules, and is something else
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length));
    put(FADT + 40, 0, 4);
    put(FADT + 140, START + DSDT, 8);
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_ADDRESS(run, acpi_find_dsdt(&acpi, &physical_memory, &length), memory + DSDT);

    put(FADT + LENGTH, 147, 4); // too short for the wider field
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length));
    put(FADT + LENGTH, 43, 4); // and for the other
    put(FADT + 40, START + DSDT, 4);
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length));
    put(FADT + LENGTH, 44, 4);
    fix_table(FADT);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, acpi_find_dsdt(&acpi, &physical_memory, &length));
    memory[DSDT + 50] ^= 1;
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length));
}

static void no_fadt_no_dsdt(struct suite_run *run)
{
    size_t length = 0;

    make_good();
    set_root(0, START + RSDT, 0);
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK(run, !acpi_find_dsdt(&acpi, &physical_memory, &length));
}

// Makes the table at MADT an SPCR with this interface, address space and address.
static void put_spcr(uint8_t interface, uint8_t space, uint64_t address, uint32_t length)
{
    make_good();
    put_table(MADT, "SPCR", 80);
    memory[MADT + 36] = interface;
    memory[MADT + 40] = space;
    put(MADT + 44, address, 8);
    put(MADT + LENGTH, length, 4);
    fix_table(MADT);
    (void)read_tables();
}

static void the_serial_port_is_a_16550_at_an_io_port(struct suite_run *run)
{
    make_good();
    CHECK_EQUAL(run, read_tables(), ACPI_OK);
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0);
    put_spcr(0, 1, 0x2f8, 80);
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0x2f8);
    put_spcr(1, 1, 0xffff, 52);
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0xffff);
    put_spcr(3, 1, 0x2f8, 80); // a PL011
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0);
    put_spcr(0, 0, 0x2f8, 80); // registers in memory
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0);
    put_spcr(0, 1, 0x102f8, 80);
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0);
    put_spcr(0, 1, 0x2f8, 51);
    CHECK_EQUAL(run, acpi_serial_port(&acpi), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(tables_come_in_their_order),
    SUITE_CASE(without_an_xsdt_the_rsdt_is_read),
    SUITE_CASE(a_root_pointer_that_cannot_be_believed_is_named),
    SUITE_CASE(a_long_root_pointer_must_be_mapped_to_its_end),
    SUITE_CASE(a_root_table_that_cannot_be_believed_is_named),
    SUITE_CASE(damaged_tables_are_skipped_and_counted),
    SUITE_CASE(half_an_entry_is_none),
    SUITE_CASE(processors_are_counted),
    SUITE_CASE(a_damaged_structure_ends_the_count),
    SUITE_CASE(every_refusal_of_memory_is_reported),
    SUITE_CASE(the_dsdt_is_where_the_fadt_says),
    SUITE_CASE(no_fadt_no_dsdt),
    SUITE_CASE(the_serial_port_is_a_16550_at_an_io_port),
};
const struct suite acpi_suite = SUITE("acpi", cases);
