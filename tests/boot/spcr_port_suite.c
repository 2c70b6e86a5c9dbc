// SPDX-License-Identifier: MIT
// What boot/console/spcr_port.h promises: the UART that SPCR describes is reached as it says, or
// why it cannot be is known.
#include "arch/x86_64/pci.h"
#include "boot/console/spcr_port.h"
#include "tests/boot/stub_pci.h"
#include "tests/boot/suites.h"

static struct acpi_spcr spcr(uint8_t type, uint8_t space, uint8_t bits, uint8_t access_bytes,
                             uint64_t address)
{
    return (struct acpi_spcr){.type = type, .address = {space, bits, access_bytes, address}};
}

static enum spcr_port_status read(struct serial_port *port, const struct acpi_spcr *named)
{
    struct stub_pci stub = {0};

    return spcr_port_read(port, named, stub_pci_ports(&stub));
}

static void registers_are_reached_as_acpi_describes_them(struct suite_run *run)
{
    static const struct {
        uint8_t bits, access_bytes;
        unsigned width, stride;
    } rows[] = {
        {8, 1, 1, 1},  {0, 0, 1, 1},  {32, 4, 4, 4}, {32, 1, 1, 4},
        {32, 0, 1, 4}, {16, 2, 2, 2}, {8, 4, 1, 1},  {255, 8, 1, 1},
    };
    static uint32_t mapped[8];
    struct serial_port port;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acpi_spcr in_memory = spcr(ACPI_SPCR_16550_GAS, ACPI_SPACE_MEMORY, rows[i].bits,
                                          rows[i].access_bytes, 0xfe030000);
        CHECK_EQUAL(run, read(&port, &in_memory), SPCR_PORT_OK);
        struct device_registers registers = serial_registers(&port, mapped);
        CHECK_EQUAL(run, registers.width, rows[i].width);
        CHECK_EQUAL(run, registers.stride, rows[i].stride);
        CHECK_EQUAL(run, registers.base, (uintptr_t)mapped);
        device_registers_write(&registers, 0, 0x5a);
        CHECK_EQUAL(run, device_registers_read(&registers, 0), 0x5a);
    }
    struct acpi_spcr at_port = spcr(ACPI_SPCR_16550, ACPI_SPACE_IO, 8, 0, 0x2f8);
    CHECK_EQUAL(run, read(&port, &at_port), SPCR_PORT_OK);
    CHECK_EQUAL(run, serial_registers(&port, NULL).base, 0x2f8);
}

static void a_port_out_of_reach_is_known(struct suite_run *run)
{
    static const struct {
        uint64_t address;
        uint8_t space;
        enum spcr_port_status status;
    } rows[] = {
        {0xffff, ACPI_SPACE_IO, SPCR_PORT_OK},
        {0x10000, ACPI_SPACE_IO, SPCR_PORT_OUT_OF_REACH},
        {0xfe030000, ACPI_SPACE_MEMORY, SPCR_PORT_OK},
        {UINT64_MAX, ACPI_SPACE_MEMORY, SPCR_PORT_OUT_OF_REACH},
        {0x2f8, 2, SPCR_PORT_OUT_OF_REACH}, // PCI configuration space
    };
    struct serial_port port;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acpi_spcr named = spcr(ACPI_SPCR_16550, rows[i].space, 8, 1, rows[i].address);
        CHECK_EQUAL(run, read(&port, &named), rows[i].status);
    }
}

static void a_type_of_uart_has_its_driver(struct suite_run *run)
{
    static const uint8_t known[] = {0x00, 0x01, 0x12};
    struct serial_port port;

    for (size_t i = 0; i < sizeof known; i++) {
        struct acpi_spcr named = spcr(known[i], ACPI_SPACE_IO, 8, 1, 0x2f8);
        CHECK_EQUAL(run, read(&port, &named), SPCR_PORT_OK);
        CHECK_TEXT(run, port.driver->name, "16550");
    }
    struct acpi_spcr pl011 = spcr(0x03, ACPI_SPACE_MEMORY, 32, 4, 0xfe030000);
    CHECK_EQUAL(run, read(&port, &pl011), SPCR_PORT_NO_DRIVER);
}

// The driver counts from the PC's clock of 1.8432 MHz.
static void the_rate_gives_the_divisor_of_the_uarts_own_clock(struct suite_run *run)
{
    static const struct {
        uint32_t baud, clock_hz, counted;
    } rows[] = {
        {0, 0, 115200},           {9600, 0, 9600},         {115200, 1843200, 115200},
        {115200, 48000000, 4423}, // divisor 26
        {9600, 48000000, 368},    // 313
        {UINT32_MAX, 1, 115200},  {1, UINT32_MAX, 115200},
    };
    struct serial_port port;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acpi_spcr named = spcr(ACPI_SPCR_16550_GAS, ACPI_SPACE_MEMORY, 32, 4, 0xfe030000);
        named.baud = rows[i].baud;
        named.clock_hz = rows[i].clock_hz;
        CHECK_EQUAL(run, read(&port, &named), SPCR_PORT_OK);
        CHECK_EQUAL(run, port.baud, rows[i].counted);
    }
}

static void the_pci_device_that_is_named_tells_the_address(struct suite_run *run)
{
    struct stub_pci stub = {
        .functions = {{.at = PCI_FUNCTION(1, 2, 3), .class = 0x070002, .bars = {0xc001}}}};
    struct acpi_spcr named = {.pci = {.is_named = true, .bus = 1, .device = 2, .function = 3}};
    struct serial_port port;

    CHECK_EQUAL(run, spcr_port_read(&port, &named, stub_pci_ports(&stub)), SPCR_PORT_OK);
    CHECK(run, port.is_at_ports);
    CHECK_EQUAL(run, port.address, 0xc000);
    named.address = (struct acpi_address){ACPI_SPACE_IO, 8, 1, 0x2f8};
    CHECK_EQUAL(run, spcr_port_read(&port, &named, stub_pci_ports(&stub)), SPCR_PORT_OK);
    CHECK_EQUAL(run, port.address, 0x2f8);
    named.address.address = 0;
    named.pci.segment = 1;
    CHECK_EQUAL(run, spcr_port_read(&port, &named, stub_pci_ports(&stub)), SPCR_PORT_NO_REGISTERS);
}

static const struct suite_case cases[] = {
    SUITE_CASE(registers_are_reached_as_acpi_describes_them),
    SUITE_CASE(a_port_out_of_reach_is_known),
    SUITE_CASE(a_type_of_uart_has_its_driver),
    SUITE_CASE(the_rate_gives_the_divisor_of_the_uarts_own_clock),
    SUITE_CASE(the_pci_device_that_is_named_tells_the_address),
};
const struct suite spcr_port_suite = SUITE("spcr_port", cases);
