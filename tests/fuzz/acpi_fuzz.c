// SPDX-License-Identifier: MIT
// Fuzz target: all that reads ACPI's tables. The input is the firmware's memory, most of it tables
// whose sums the target makes right, as no input would hit them. What the walker asks for it gets
// as a block of exactly that size, so that a byte read beyond it is an error of the sanitizer.
#include "boot/acpi/aml.h"
#include "boot/acpi/fadt.h"
#include "boot/acpi/madt.h"
#include "boot/acpi/spcr.h"
#include "boot/acpi/tables.h"
#include "kmem/fba_allocator.h"
#include "tests/boot/acpi_bytes.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <string.h>

#define START UINT64_C(0x7fe0000) // physical
#define MEMORY_SIZE 2048u
#define BLOCKS_MAX 512
#define TABLES_MAX 8

enum { RSDP = 0, XSDT = 64, TABLES = 192 };
enum { HEADER = 36, LENGTH = 4, SUM = 9 };

static uint8_t memory[MEMORY_SIZE];
static void *blocks[BLOCKS_MAX];
static size_t block_count;

static const void *read_memory(void *context, uint64_t address, size_t size)
{
    (void)context;
    if (address < START || address - START > MEMORY_SIZE || size == 0 ||
        size > MEMORY_SIZE - (address - START) || block_count == BLOCKS_MAX)
        return NULL;
    void *block = malloc(size);
    CHECK(block);
    blocks[block_count++] = block;
    return memcpy(block, memory + (address - START), size);
}

// Writes a table with the next bytes of the input: a signature, a length, of which some are wrong,
// contents. Returns where the next one may be.
static size_t put_table(struct input *input, size_t at)
{
    static const char signatures[][5] = {"APIC", "FACP", "SPCR", "DSDT"};
    size_t length = HEADER + input_byte(input);

    if (at + length > MEMORY_SIZE)
        return MEMORY_SIZE;
    for (size_t i = HEADER; i < length; i++)
        memory[at + i] = input_byte(input);
    const char *signature = signatures[input_byte(input) % 4];
    memcpy(memory + at, signature, 4);
    if (signature[0] == 'D' && length > HEADER + 6)
        memcpy(memory + at + HEADER, "\x08_S5_\x12", 6); // Name (_S5_, Package of some length
    uint8_t wrong = input_byte(input);
    acpi_put(memory + at + LENGTH, wrong == 1 ? input_word(input) : length, 4);
    if (wrong != 2)
        acpi_fix_sum(memory + at, length, memory + at + SUM);
    return at + length;
}

// The FADT names the last table, if that is a DSDT: a walker that finds none has little to do.
static void put_memory(struct input *input)
{
    size_t at = TABLES;
    size_t count = 1 + input_byte(input) % TABLES_MAX;

    memset(memory, 0, sizeof memory);
    acpi_put_pointer(memory + RSDP, 2, 0, START + XSDT);
    for (size_t i = 0; i < count; i++) {
        acpi_put(memory + XSDT + HEADER + 8 * i, START + at, 8);
        at = put_table(input, at);
    }
    acpi_put_table(memory + XSDT, "XSDT", (uint32_t)(HEADER + 8 * count));
    // The rest of the input changes any bytes of that.
    while (input->left >= 3) {
        size_t place = input_byte(input) << 8 | input_byte(input);
        memory[place % MEMORY_SIZE] = input_byte(input);
    }
}

static void check_tables(const struct acpi_tables *tables)
{
    array_list_each(struct acpi_table, table, &tables->list)
    {
        const uint8_t *bytes = table->bytes;
        uint8_t sum = 0;

        CHECK(table->length >= HEADER && table->length <= MEMORY_SIZE);
        for (uint32_t i = 0; i < table->length; i++)
            sum = (uint8_t)(sum + bytes[i]);
        CHECK(sum == 0 && memcmp(bytes, table->signature, 4) == 0 && table->signature[4] == '\0');
        CHECK(acpi_table_read(table, table->length, 1) == 0);
        CHECK(acpi_table_read(table, SIZE_MAX, 8) == 0);
    }
}

static void check_processors(const struct acpi_processors *processors)
{
    size_t enabled = 0;

    array_list_each(struct acpi_processor, processor, &processors->list)
    {
        size_t alike = 0;

        array_list_each(struct acpi_processor, other, &processors->list)
        {
            alike += other->apic_id == processor->apic_id;
        }
        CHECK(alike == 1 && processor->apic_id != UINT32_MAX);
        enabled += processor->enabled;
    }
    CHECK(enabled == processors->enabled);
}

static void read_registers(const struct acpi_tables *tables, const struct acpi_memory *physical)
{
    const struct acpi_table *table = acpi_tables_find(tables, "FACP");
    struct acpi_fadt fadt;
    struct acpi_table dsdt;
    struct acpi_spcr spcr;
    struct acpi_s5 s5;
    bool has_bad_sum;

    if (table) {
        acpi_fadt_read(&fadt, table);
        if (acpi_fadt_find_dsdt(&dsdt, &has_bad_sum, &fadt, physical)) {
            CHECK(memcmp(dsdt.bytes, "DSDT", 4) == 0);
            if (acpi_aml_find_s5(&s5, &dsdt))
                CHECK(s5.type_a <= 7 && s5.type_b <= 7);
        }
    }
    table = acpi_tables_find(tables, "DSDT");
    if (table && acpi_aml_find_s5(&s5, table))
        CHECK(s5.type_a <= 7 && s5.type_b <= 7);
    table = acpi_tables_find(tables, "SPCR");
    if (table && acpi_spcr_read(&spcr, table))
        CHECK(spcr.address.address != 0 || spcr.pci.is_named);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static _Alignas(16) unsigned char heap[16384];
    static struct fba fba;
    struct input input = {bytes, size};
    const struct acpi_memory physical = {read_memory, NULL};
    struct acpi_tables tables;
    struct acpi_processors processors;

    put_memory(&input);
    CHECK(fba_init(&fba, heap, sizeof heap) == FBA_OK);
    enum acpi_status status =
        acpi_tables_read(&tables, START + RSDP, &physical, fba_allocator(&fba));
    CHECK(acpi_status_name(status)[0] != '\0');
    check_tables(&tables);
    read_registers(&tables, &physical);
    if (acpi_madt_read(&processors, acpi_tables_find(&tables, "APIC"), fba_allocator(&fba)))
        check_processors(&processors);
    while (block_count > 0)
        free(blocks[--block_count]);
    return 0;
}
