// SPDX-License-Identifier: MIT
// What the boot steps promise that touch no hardware: memory map, ACPI, serial. On the host,
// because the test kernel has run them for real and still uses what they have made.
#include "boot/kernel/budget.h"
#include "boot/console/serial.h"
#include "boot/kernel/steps/acpi.h"
#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/steps/serial.h"
#include "tests/boot/acpi_bytes.h"
#include "tests/boot/efi_memory.h"
#include "tests/boot/stub_pci.h"
#include "tests/kernel/suites.h"

#include <string.h>

#define TABLES 16
#define HEAP_SIZE 4096

// The region of a handoff: a memory map, then the heap.
static _Alignas(4096) unsigned char map_bytes[8 * 48];
static _Alignas(4096) unsigned char heap_bytes[HEAP_SIZE];
static _Alignas(4096) unsigned char firmware[4096]; // where ACPI's tables lie
static _Alignas(4096) unsigned char page_tables[TABLES][4096];
static size_t page_tables_taken;
static struct handoff handoff;
static struct kernel kernel;
static char said[4096];
static struct writer_buffer said_buffer;
static struct stub_pci pci;

// The direct map of this machine is at 0: physical addresses are the host's.
static bool take_table(void *context, physical_t *table)
{
    (void)context;
    if (page_tables_taken == TABLES)
        return false;
    memset(page_tables[page_tables_taken], 0, sizeof page_tables[0]);
    *table = physical((uintptr_t)page_tables[page_tables_taken++]);
    return true;
}

static void start(size_t heap_size)
{
    const struct writer writer = writer_to_buffer(&said_buffer, said, sizeof said);
    const struct console_device screen = {"test", 0, writer.write, writer.context};
    const struct early_heap_memory memory = {
        .buffer = heap_bytes, .physical = physical(0), .size = heap_size};

    memset(&kernel, 0, sizeof kernel);
    handoff =
        (struct handoff){.region_virtual = (uintptr_t)map_bytes, .memory_map.descriptor_size = 48};
    kernel.handoff = &handoff;
    pci = (struct stub_pci){0};
    kernel.ports = stub_pci_ports(&pci);
    console_init(&kernel.console);
    console_set(&kernel.console, &screen);
    (void)early_heap_open(
        &kernel.heap, &memory,
        (struct early_heap_output){.writer = &kernel.console.writer, .prefix = "kernel: "});
    page_tables_taken = 0;
    kernel.paging = (struct paging){.new_table = take_table};
    (void)take_table(NULL, &kernel.paging.root);
    (void)paging_map(&kernel.paging, (uintptr_t)firmware, physical((uintptr_t)firmware),
                     sizeof firmware, PAGING_READ_ONLY);
    kernel.devices.paging = &kernel.paging;
}

// ── Memory map ──────────────────────────────────────────────────────────────────────────────────

static void add_descriptor(uint32_t type, uint64_t start_address, uint64_t pages)
{
    const struct descriptor descriptor = {type, 0, start_address, 0, pages, ANY_CACHE};

    memcpy(map_bytes + handoff.memory_map.span.size, &descriptor, sizeof descriptor);
    handoff.memory_map.span.size += 48;
}

static void add_descriptors(void)
{
    add_descriptor(CONVENTIONAL, 0x200000, 0x10);
    add_descriptor(CONVENTIONAL, 0x100000, 0x100);
    add_descriptor(RESERVED, 0x210000, 1);
}

static void the_memory_map_is_kept_sorted_and_merged(struct suite_run *run)
{
    start(HEAP_SIZE);
    add_descriptors();
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    const struct region_map *ranges = step_memory_map_ranges();
    const struct region *first = &ranges->entries[0];
    CHECK_EQUAL(run, ranges->count, 2);
    CHECK_EQUAL(run, first->start, 0x100000);
    CHECK_EQUAL(run, first->end, 0x210000);
    CHECK(run, strstr(said, "3 descriptors are 2 ranges, 1088 KiB usable"));
    CHECK(run, !strstr(said, "0x000000210000-0x000000211000 reserved"));
    kernel.console.loglevel = CONSOLE_LOGLEVEL_MAX;
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "0x000000210000-0x000000211000 reserved"));
}

static void descriptors_that_overlap_may_be_more_ranges(struct suite_run *run)
{
    start(HEAP_SIZE);
    add_descriptor(CONVENTIONAL, 0x100000, 0x100);
    add_descriptor(RESERVED, 0x140000, 1);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    const struct region_map *ranges = step_memory_map_ranges();
    CHECK_EQUAL(run, ranges->count, 3);
    CHECK_EQUAL(run, ranges->entries[1].start, 0x140000);
    CHECK_EQUAL(run, ranges->entries[2].end, 0x200000);
}

static void a_claim_takes_what_is_usable_once(struct suite_run *run)
{
    uint64_t claimed = 0;

    start(HEAP_SIZE);
    add_descriptor(CONVENTIONAL, 0x100000, 0x100);
    add_descriptor(RESERVED, 0x200000, 1);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK(run, step_memory_map_claim_acpi(&kernel, 0x1feff0, 0x2020, &claimed));
    CHECK_EQUAL(run, claimed, 0x2000); // the reserved page stays, and is followed by a hole
    CHECK(run, step_memory_map_claim_acpi(&kernel, 0x1fd000, 0x2000, &claimed));
    CHECK_EQUAL(run, claimed, 0x3000);
    const struct region_map *ranges = step_memory_map_ranges();
    CHECK_EQUAL(run, ranges->count, 3);
    CHECK_EQUAL(run, ranges->entries[1].start, 0x1fd000);
    CHECK_EQUAL(run, ranges->entries[2].kind, MEMORY_RESERVED);
}

static void a_memory_map_without_room_is_no_memory(struct suite_run *run)
{
    start(16);
    add_descriptors();
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_NO_MEMORY);
    CHECK(run, kernel.heap.failure.reason != REPORT_NONE);
}

// ── ACPI and serial ─────────────────────────────────────────────────────────────────────────────

enum { RSDP = 0, RSDT = 64, MADT = 256, SPCR = 512, FADT = 1024 };

// A root pointer, an XSDT, and the tables that it names.
static void put_firmware(void)
{
    memset(firmware, 0, sizeof firmware);
    acpi_put_pointer(firmware + RSDP, 2, 0, (uintptr_t)firmware + RSDT);
    acpi_put(firmware + RSDT + 36, (uintptr_t)firmware + MADT, 8);
    acpi_put(firmware + RSDT + 44, (uintptr_t)firmware + SPCR, 8);
    acpi_put(firmware + RSDT + 52, (uintptr_t)firmware + FADT, 8);
    acpi_put_table(firmware + RSDT, "XSDT", 60);
    memcpy(firmware + MADT + 44, (const unsigned char[]){0, 8, 0, 3, 1, 0, 0, 0}, 8);
    acpi_put_table(firmware + MADT, "APIC", 52);
    acpi_put_table(firmware + SPCR, "SPCR", 80);
    acpi_put_table(firmware + FADT, "FACP", 244);
    handoff.acpi_rsdp = (uintptr_t)firmware + RSDP;
}

static void put_serial(uint8_t type, uint8_t space, uint64_t address)
{
    firmware[SPCR + 36] = type;
    firmware[SPCR + 40] = space;
    acpi_put(firmware + SPCR + 44, address, 8);
    acpi_fix_table(firmware + SPCR);
}

static void acpi_tables_are_read_through_the_direct_map(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK_EQUAL(run, step_acpi_tables()->list.count, 3);
    CHECK_EQUAL(run, step_acpi_processors()->enabled, 1);
    CHECK_EQUAL(run, kernel.timer.port, 0);
    CHECK_EQUAL(run, kernel.power.pm1a_control, 0);
    CHECK(run, strstr(said, "kernel: acpi: 3 tables: APIC SPCR FACP\n"));
    CHECK(run, strstr(said, "kernel: acpi: 1 processor\n"));
    CHECK(run, strstr(said, "kernel: acpi: no power-off: the FADT names no port for it\n"));
}

static void tables_in_usable_memory_stay_acpis(struct suite_run *run)
{
    const uint64_t page = (uintptr_t)firmware;

    start(HEAP_SIZE);
    put_firmware();
    add_descriptor(CONVENTIONAL, page - PAGE_SIZE, 3);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    const struct region *ranges = step_memory_map_ranges()->entries;
    CHECK_EQUAL(run, step_memory_map_ranges()->count, 3);
    CHECK_EQUAL(run, ranges[1].kind, MEMORY_ACPI_RECLAIM);
    CHECK_EQUAL(run, ranges[1].start, page);
    CHECK_EQUAL(run, ranges[1].end, page + PAGE_SIZE);
    CHECK(run,
          strstr(said, " KiB of tables are in memory that the map calls usable, and are kept"));
}

static void a_root_table_that_names_none_says_so(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    acpi_put_table(firmware + RSDT, "XSDT", 36);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "kernel: acpi: no tables\n"));
    start(HEAP_SIZE);
    put_firmware();
    firmware[FADT + 9]++;
    acpi_put_table(firmware + RSDT, "XSDT", 60);
    memset(firmware + RSDT + 36, 0, 16);
    acpi_put_table(firmware + RSDT, "XSDT", 60);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "kernel: acpi: no tables, 1 more damaged or out of reach\n"));
}

static void a_table_that_is_named_twice_is_listed_once(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    acpi_put(firmware + RSDT + 44, (uintptr_t)firmware + MADT, 8);
    acpi_put(firmware + RSDT + 60, (uintptr_t)firmware + SPCR, 8);
    acpi_put_table(firmware + RSDT, "XSDT", 68);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "kernel: acpi: 3 tables: APIC FACP SPCR, 1 named more than once\n"));
}

static void what_is_wrong_with_the_list_of_processors_is_said(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    memcpy(firmware + MADT + 52,
           (const unsigned char[]){0, 6, 0, 0, 0, 0, 0, 8, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0}, 18);
    acpi_put_table(firmware + MADT, "APIC", 70);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "kernel: acpi: 1 processor, 2 more dropped: of a repeated id, that of "
                            "all processors, or too short; the list is damaged, and what follows "
                            "is not known\n"));
    start(HEAP_SIZE);
    put_firmware();
    firmware[MADT + 9]++;
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "kernel: acpi: no list of processors (MADT) that is good\n"));
}

static void without_tables_the_boot_goes_on(struct suite_run *run)
{
    start(HEAP_SIZE);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK_EQUAL(run, step_acpi_tables()->list.count + step_acpi_processors()->list.count, 0);
    CHECK(run, strstr(said, "the firmware offers none; going on with one processor"));
    put_firmware();
    handoff.acpi_rsdp = UINT64_MAX - 8; // it wraps
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "the root table lies at an address that this processor does not have"));
    handoff.acpi_rsdp_1 = (uintptr_t)firmware + RSDP;
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "; going on with that of ACPI 1.0\nkernel: acpi: 3 tables"));
}

static void acpi_without_room_is_no_memory(struct suite_run *run)
{
    const size_t needed = 3 * sizeof(struct acpi_table) + sizeof(struct acpi_processor);

    for (size_t size = 8; size < needed; size += 4) {
        start(size);
        put_firmware();
        CHECK_EQUAL(run, step_acpi(&kernel), STEP_NO_MEMORY);
    }
}

// Runs both steps for a machine whose SPCR says this.
static enum step_result run_serial(uint8_t type, uint8_t space, uint64_t address)
{
    start(HEAP_SIZE);
    put_firmware();
    put_serial(type, space, address);
    enum step_result result = step_acpi(&kernel);
    return result == STEP_DONE ? step_serial(&kernel) : result;
}

static void a_serial_port_without_a_driver_is_named(struct suite_run *run)
{
    CHECK_EQUAL(run, run_serial(0x03, 0, 0xfe030000), STEP_DONE);
    CHECK(run, strstr(said, "SPCR names a UART of type 3, for which there is no driver"));
    CHECK_EQUAL(run, run_serial(0, 1, 0x10000), STEP_DONE);
    CHECK(run, strstr(said, "SPCR names a UART at 0x10000 in address space 1, which is out of "
                            "reach"));
    CHECK(run, !console_find(&kernel.console, SERIAL_NAME));
    step_serial_undo(&kernel);
    CHECK(run, !console_find(&kernel.console, SERIAL_NAME));
}

static void no_name_and_no_new_port_say_nothing(struct suite_run *run)
{
    CHECK_EQUAL(run, run_serial(0, 1, 0), STEP_DONE);
    CHECK(run, !strstr(said, "serial"));
    start(HEAP_SIZE);
    put_firmware();
    put_serial(0, 1, 0x2f8);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    kernel.console.devices[0].name = SERIAL_NAME; // the port in use already
    kernel.console.devices[0].address = 0x2f8;
    CHECK_EQUAL(run, step_serial(&kernel), STEP_DONE);
    CHECK(run, !strstr(said, "serial"));
}

static void a_pci_device_that_spcr_names_in_vain_is_named(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    memcpy(firmware + SPCR + 64, (const unsigned char[]){1, 2, 3, 4, 0, 31, 7}, 7);
    acpi_fix_table(firmware + SPCR);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    CHECK_EQUAL(run, step_serial(&kernel), STEP_DONE);
    CHECK(run, strstr(said, "SPCR names the UART of PCI device 00:00:1f.7, which has no registers, "
                            "or is out of reach\n"));
}

static void without_a_name_a_pci_device_in_memory_is_taken(struct suite_run *run)
{
    start(HEAP_SIZE);
    pci.functions[0] = (struct stub_pci_function){.class = 0x070002, .bars = {0, 0xfebf1000}};
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    page_tables_taken = TABLES;
    CHECK_EQUAL(run, step_serial(&kernel), STEP_NO_MEMORY);
    kernel.console.devices[0].name = SERIAL_NAME; // there is one already
    CHECK_EQUAL(run, step_serial(&kernel), STEP_DONE);
}

static void registers_without_a_page_table_are_no_memory(struct suite_run *run)
{
    start(HEAP_SIZE);
    put_firmware();
    put_serial(0x12, 0, 0xfe030000);
    CHECK_EQUAL(run, step_acpi(&kernel), STEP_DONE);
    page_tables_taken = TABLES;
    CHECK_EQUAL(run, step_serial(&kernel), STEP_NO_MEMORY);
}

static void registers_that_cannot_be_mapped_are_named(struct suite_run *run)
{
    CHECK_EQUAL(run, run_serial(0x12, 0, UINT64_C(1) << 60), STEP_DONE);
    CHECK(run, strstr(said, "memory 0x1000000000000000, which SPCR names: the range of addresses "
                            "is not valid"));
}

// ── Budgets ─────────────────────────────────────────────────────────────────────────────────────

static void what_exceeds_a_budget_is_counted(struct suite_run *run)
{
    CHECK_EQUAL(run, budget_excess("interrupts", 10 * PAGE_SIZE, 1, 1), 0);
    CHECK_EQUAL(run, budget_excess("interrupts", 10 * PAGE_SIZE + 7, 1, 1), 7);
    CHECK_EQUAL(run, budget_excess("processors", 5 * PAGE_SIZE + 1, 1, 1), 1);
    CHECK_EQUAL(run, budget_excess("processors", 5 * PAGE_SIZE + 1, 0, 1), 1);
    CHECK_EQUAL(run, budget_excess("processors", 5 * PAGE_SIZE + 1, 2, 1), 0);
    CHECK_EQUAL(run, budget_excess("loader", 16 * PAGE_SIZE, 1, 3), PAGE_SIZE);
    CHECK_EQUAL(run, budget_excess("loader", 16 * PAGE_SIZE, 1, 4), 0);
    CHECK_EQUAL(run, budget_excess("no such part", UINT64_MAX, 1, 1), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(what_exceeds_a_budget_is_counted),
    SUITE_CASE(the_memory_map_is_kept_sorted_and_merged),
    SUITE_CASE(descriptors_that_overlap_may_be_more_ranges),
    SUITE_CASE(a_claim_takes_what_is_usable_once),
    SUITE_CASE(a_memory_map_without_room_is_no_memory),
    SUITE_CASE(acpi_tables_are_read_through_the_direct_map),
    SUITE_CASE(tables_in_usable_memory_stay_acpis),
    SUITE_CASE(a_root_table_that_names_none_says_so),
    SUITE_CASE(a_table_that_is_named_twice_is_listed_once),
    SUITE_CASE(what_is_wrong_with_the_list_of_processors_is_said),
    SUITE_CASE(without_tables_the_boot_goes_on),
    SUITE_CASE(acpi_without_room_is_no_memory),
    SUITE_CASE(a_serial_port_without_a_driver_is_named),
    SUITE_CASE(no_name_and_no_new_port_say_nothing),
    SUITE_CASE(a_pci_device_that_spcr_names_in_vain_is_named),
    SUITE_CASE(without_a_name_a_pci_device_in_memory_is_taken),
    SUITE_CASE(registers_without_a_page_table_are_no_memory),
    SUITE_CASE(registers_that_cannot_be_mapped_are_named),
};
const struct suite steps_suite = SUITE("steps", cases);
