// SPDX-License-Identifier: MIT
// What arch/x86_64/pci.h promises, and boot/console/serial.h of UARTs on PCI, on a stub of the
// configuration space.
#include "arch/x86_64/pci.h"
#include "boot/console/serial.h"
#include "tests/boot/stub_pci.h"
#include "tests/boot/suites.h"

#define UART_AT_PORTS                                                                              \
    {                                                                                              \
        .class = 0x070002, .bars = { 0xc001 }                                                      \
    }
#define UART_IN_MEMORY                                                                             \
    {                                                                                              \
        .class = 0x070002, .bars = { 0, 0xfebf1004, 0x12 }                                         \
    }

static void uarts_are_found_by_class_in_their_order(struct suite_run *run)
{
    struct stub_pci stub = {
        .functions = {{.at = PCI_FUNCTION(0, 0, 0), .class = 0x060000},
                      {.at = PCI_FUNCTION(0, 3, 0), .class = 0x010601, .header_type = 0x80},
                      {.at = PCI_FUNCTION(0, 3, 2), .class = 0x070002},
                      {.at = PCI_FUNCTION(255, 31, 0), .class = 0x070000}}};
    struct device_io ports = stub_pci_ports(&stub);

    uint32_t first = pci_find_uart(ports, 0);
    CHECK_EQUAL(run, first, PCI_FUNCTION(0, 3, 2));
    CHECK_EQUAL(run, pci_find_uart(ports, first + 1), PCI_FUNCTION(255, 31, 0));
    CHECK_EQUAL(run, pci_find_uart(ports, PCI_FUNCTION(255, 31, 0) + 1), PCI_NONE);
    stub.functions[2].class = 0x070007; // its registers are its maker's own
    CHECK_EQUAL(run, pci_find_uart(ports, 0), PCI_FUNCTION(255, 31, 0));
    stub.functions[3].class = 0x070200; // GPIB
    CHECK_EQUAL(run, pci_find_uart(ports, 0), PCI_NONE);
}

static void functions_of_a_device_that_has_one_are_not_looked_for(struct suite_run *run)
{
    struct stub_pci stub = {.functions = {{.at = PCI_FUNCTION(0, 3, 0), .class = 0x010601},
                                          {.at = PCI_FUNCTION(0, 3, 2), .class = 0x070002}}};

    CHECK_EQUAL(run, pci_find_uart(stub_pci_ports(&stub), 0), PCI_NONE);
    CHECK(run, stub.accesses < 20000);
}

static void a_machine_without_pci_has_no_functions(struct suite_run *run)
{
    struct stub_pci stub = {.is_absent = true};
    struct pci_place place;

    CHECK_EQUAL(run, pci_find_uart(stub_pci_ports(&stub), 0), PCI_NONE);
    CHECK(run, stub.accesses < 10);
    CHECK(run, !pci_open(stub_pci_ports(&stub), 0, 0, &place));
}

static void a_base_address_register_names_a_place(struct suite_run *run)
{
    struct stub_pci stub = {.functions = {{.at = 8, .bars = {0xc001, 0xfebf1000, 0xfebf2004, 0x12}},
                                          {.at = 16, .bars = {0xc001}, .header_type = 1}}};
    struct device_io ports = stub_pci_ports(&stub);
    struct pci_place place;

    stub.functions[0].command = 0x100;
    CHECK(run, pci_open(ports, 8, 0, &place));
    CHECK(run, place.is_port);
    CHECK_EQUAL(run, place.address, 0xc000);
    CHECK_EQUAL(run, stub.functions[0].command, 0x101); // it answers at ports now
    CHECK(run, pci_open(ports, 8, 1, &place));
    CHECK(run, !place.is_port);
    CHECK_EQUAL(run, place.address, 0xfebf1000);
    CHECK_EQUAL(run, stub.functions[0].command, 0x103);
    CHECK(run, pci_open(ports, 8, 2, &place));
    CHECK_EQUAL(run, place.address, UINT64_C(0x12febf2000));
    CHECK(run, !pci_open(ports, 8, 4, &place));  // not set
    CHECK(run, !pci_open(ports, 16, 0, &place)); // a bridge
    CHECK(run, !pci_open(ports, 24, 0, &place)); // not there
}

static void a_uart_in_memory_is_found_behind_one_at_ports(struct suite_run *run)
{
    struct stub_pci stub = {.functions = {UART_AT_PORTS, UART_IN_MEMORY}};
    struct serial_port port;

    stub.functions[1].at = PCI_FUNCTION(2, 1, 0);
    CHECK(run, serial_find_pci(&port, stub_pci_ports(&stub)));
    CHECK(run, !port.is_at_ports);
    CHECK_EQUAL(run, port.address, UINT64_C(0x12febf1000));
    CHECK_TEXT(run, port.driver->name, "16550");
    stub.functions[1].class = 0x070300; // a modem
    CHECK(run, !serial_find_pci(&port, stub_pci_ports(&stub)));
}

static const struct suite_case cases[] = {
    SUITE_CASE(uarts_are_found_by_class_in_their_order),
    SUITE_CASE(functions_of_a_device_that_has_one_are_not_looked_for),
    SUITE_CASE(a_machine_without_pci_has_no_functions),
    SUITE_CASE(a_base_address_register_names_a_place),
    SUITE_CASE(a_uart_in_memory_is_found_behind_one_at_ports),
};
const struct suite pci_suite = SUITE("pci", cases);
