// SPDX-License-Identifier: MIT
// What boot/loader/named_port.h promises: the UART of an SPCR is found by either root pointer, and
// none is taken that is out of reach.
#include "boot/loader/named_port.h"

#include "arch/x86_64/string.h"
#include "boot/acpi/spcr.h"
#include "tests/boot/acpi_bytes.h"
#include "tests/boot/stub_pci.h"
#include "tests/loader/suites.h"

#define START UINT64_C(0x7fe0000) // of physical memory, and what lies in it
enum { RSDP = 0, RSDP_1 = 64, XSDT = 128, RSDT = 1600, SPCR = 1664, SIZE = 2048 };
#define HEADER 36
#define ENTRIES 150 // of the XSDT: more than a machine has

#define UART UINT64_C(0xfe030000) // registers in memory

static unsigned char memory[SIZE];
static bool has_uart;

static const void *read_memory(void *context, uint64_t address, size_t size)
{
    (void)context;
    if (address == UART)
        return has_uart && size <= SERIAL_REGISTERS_SIZE ? memory : NULL;
    return address >= START && address - START < SIZE && size <= SIZE - (address - START)
               ? memory + (address - START)
               : NULL;
}

// A root pointer of ACPI 2.0 whose XSDT has `before` other entries and then SPCR, and one of 1.0
// whose RSDT has SPCR alone.
static void make(size_t before, uint8_t space, uint64_t address)
{
    memset(memory, 0, sizeof memory);
    has_uart = true;
    acpi_put(memory + SPCR + 36, ACPI_SPCR_16550_GAS, 1);
    acpi_put(memory + SPCR + 40, space, 1);
    acpi_put(memory + SPCR + 44, address, 8);
    acpi_put_table(memory + SPCR, "SPCR", ACPI_SPCR_SIZE);
    for (size_t i = 0; i <= before; i++)
        acpi_put(memory + XSDT + HEADER + 8 * i, i < before ? START + RSDT : START + SPCR, 8);
    acpi_put_table(memory + XSDT, "XSDT", (uint32_t)(HEADER + 8 * (before + 1)));
    acpi_put(memory + RSDT + HEADER, START + SPCR, 4);
    acpi_put_table(memory + RSDT, "RSDT", HEADER + 4);
    acpi_put_pointer(memory + RSDP, 2, 0, START + XSDT);
    acpi_put_pointer(memory + RSDP_1, 0, START + RSDT, 0);
}

static bool find(struct serial_port *port, uint64_t rsdp, uint64_t rsdp_1)
{
    const struct firmware_tables tables = {.acpi_rsdp = rsdp, .acpi_rsdp_1 = rsdp_1};
    const struct acpi_memory physical = {read_memory, NULL};
    struct stub_pci pci = {.is_absent = true};

    return named_port_find(port, &tables, &physical, stub_pci_ports(&pci));
}

static void a_port_is_found_by_either_root_pointer(struct suite_run *run)
{
    struct serial_port port;

    make(0, ACPI_SPACE_MEMORY, UART);
    CHECK(run, find(&port, START + RSDP, 0));
    CHECK(run, port.driver && !port.is_at_ports);
    CHECK_EQUAL(run, port.address, UART);
    CHECK(run, find(&port, START + RSDP_1, 0));
    CHECK(run, find(&port, UINT64_MAX - 8, START + RSDP_1)); // one that leads nowhere
    CHECK(run, !find(&port, UINT64_MAX - 8, 0));
    CHECK(run, !find(&port, 0, 0));
    make(20, ACPI_SPACE_IO, 0x2f8);
    CHECK(run, find(&port, START + RSDP, 0));
    CHECK(run, port.is_at_ports);
    CHECK_EQUAL(run, port.address, 0x2f8);
}

static void where_all_tables_are_listed_the_other_pointer_is_not_asked(struct suite_run *run)
{
    struct serial_port port;

    make(0, ACPI_SPACE_MEMORY, UART);
    acpi_put(memory + XSDT + HEADER, START + RSDT, 8); // in place of SPCR
    acpi_fix_table(memory + XSDT);
    CHECK(run, !find(&port, START + RSDP, START + RSDP_1));
}

// More tables than there is room for are no failure: those that came first are searched.
static void a_table_behind_too_many_others_is_not_found(struct suite_run *run)
{
    struct serial_port port;

    make(ENTRIES, ACPI_SPACE_MEMORY, UART);
    CHECK(run, !find(&port, START + RSDP, 0));
    CHECK(run, find(&port, START + RSDP, START + RSDP_1));
}

static void a_port_that_cannot_be_used_is_none(struct suite_run *run)
{
    struct serial_port port;

    make(0, ACPI_SPACE_MEMORY, UART);
    has_uart = false;
    CHECK(run, !find(&port, START + RSDP, 0));
    make(0, ACPI_SPACE_IO, 0x10000);
    CHECK(run, !find(&port, START + RSDP, 0));
    make(0, ACPI_SPACE_MEMORY, 0);
    CHECK(run, !find(&port, START + RSDP, 0));
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_port_is_found_by_either_root_pointer),
    SUITE_CASE(where_all_tables_are_listed_the_other_pointer_is_not_asked),
    SUITE_CASE(a_table_behind_too_many_others_is_not_found),
    SUITE_CASE(a_port_that_cannot_be_used_is_none),
};
const struct suite named_port_suite = SUITE("named_port", cases);
