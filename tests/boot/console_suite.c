// SPDX-License-Identifier: MIT
// What boot/kernel/console.h and serial.h promise: text goes to every device, one of each kind, and
// a serial port is reached as ACPI describes it.
#include "boot/kernel/console.h"
#include "boot/kernel/serial.h"
#include "tests/boot/suites.h"

static char texts[2][64];
static struct writer_buffer buffers[2];
static struct console console;

static struct console_device device(const char *name, uint64_t address, size_t number)
{
    struct writer writer = writer_to_buffer(&buffers[number], texts[number], sizeof texts[number]);

    return (struct console_device){name, address, writer.write, writer.context};
}

static void text_goes_to_every_device(struct suite_run *run)
{
    console_init(&console);
    writer_print(&console.writer, "unheard");
    const struct console_device first = device("first", 0x3f8, 0);
    const struct console_device second = device("second", 0, 1);
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    writer_print(&console.writer, "on:");
    console_list(&console);
    CHECK_TEXT(run, texts[0], "on: first 0x3f8, second");
    CHECK_TEXT(run, texts[1], "on: first 0x3f8, second");
}

static void messages_of_the_loglevel_and_above_are_left_out(struct suite_run *run)
{
    const struct console_device only = device("only", 0, 0);

    console_init(&console);
    CHECK(run, console_set(&console, &only));
    CHECK(run, console_prints(&console, CONSOLE_INFO));
    CHECK(run, !console_prints(&console, CONSOLE_DEBUG));
    writer_print(console_at(&console, CONSOLE_INFO), "a");
    writer_print(console_at(&console, CONSOLE_DEBUG), "b");
    console.loglevel = CONSOLE_LOGLEVEL_MAX;
    writer_print(console_at(&console, CONSOLE_DEBUG), "c");
    console.loglevel = CONSOLE_INFO;
    writer_print(console_at(&console, CONSOLE_INFO), "d");
    writer_print(&console.writer, "e");
    CHECK_TEXT(run, texts[0], "ace");
}

static void a_device_takes_the_place_of_its_kind(struct suite_run *run)
{
    const struct console_device first = device("port", 1, 0);
    const struct console_device second = device("port", 2, 1);

    console_init(&console);
    CHECK(run, !console_find(&console, "port"));
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    CHECK_EQUAL(run, console.count, 1);
    CHECK_EQUAL(run, console_find(&console, "port")->address, 2);
    writer_print(&console.writer, "here");
    CHECK_TEXT(run, texts[0], "");
    CHECK_TEXT(run, texts[1], "here");
}

static void a_removed_device_gets_no_text(struct suite_run *run)
{
    const struct console_device first = device("first", 0, 0);
    const struct console_device second = device("second", 0, 1);

    console_init(&console);
    CHECK(run, console_set(&console, &first));
    CHECK(run, console_set(&console, &second));
    console_remove(&console, "first");
    console_remove(&console, "third");
    writer_print(&console.writer, "here");
    CHECK_TEXT(run, texts[0], "");
    CHECK_TEXT(run, texts[1], "here");
}

static void there_is_room_for_so_many_devices(struct suite_run *run)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};

    console_init(&console);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct console_device added = device(names[i], 0, 0);
        CHECK_EQUAL(run, console_set(&console, &added), i < CONSOLE_DEVICES_MAX);
    }
    const struct console_device known = device("b", 7, 1);
    CHECK(run, console_set(&console, &known));
    CHECK_EQUAL(run, console.count, CONSOLE_DEVICES_MAX);
}

static struct acpi_spcr spcr(uint8_t type, uint8_t space, uint8_t bits, uint8_t access_bytes,
                             uint64_t address)
{
    return (struct acpi_spcr){.type = type, .address = {space, bits, access_bytes, address}};
}

static void a_serial_port_is_reached_as_acpi_describes_it(struct suite_run *run)
{
    static const struct {
        uint8_t bits, access_bytes;
        unsigned width, stride;
    } rows[] = {
        {8, 1, 1, 1},  {0, 0, 1, 1},  {32, 4, 4, 4}, {32, 1, 1, 4},
        {32, 0, 1, 4}, {16, 2, 2, 2}, {8, 4, 1, 1},  {255, 8, 1, 1},
    };
    static uint32_t mapped[8];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acpi_spcr in_memory = spcr(ACPI_SPCR_16550_GAS, ACPI_SPACE_MEMORY, rows[i].bits,
                                          rows[i].access_bytes, 0xfe030000);
        struct device_registers registers = serial_registers(&in_memory, mapped);
        CHECK_EQUAL(run, registers.width, rows[i].width);
        CHECK_EQUAL(run, registers.stride, rows[i].stride);
        CHECK_EQUAL(run, registers.base, (uintptr_t)mapped);
        device_registers_write(&registers, 0, 0x5a);
        CHECK_EQUAL(run, device_registers_read(&registers, 0), 0x5a);
    }
    struct acpi_spcr at_port = spcr(ACPI_SPCR_16550, ACPI_SPACE_IO, 8, 0, 0x2f8);
    CHECK_EQUAL(run, serial_registers(&at_port, NULL).base, 0x2f8);
}

static void a_serial_port_out_of_reach_is_known(struct suite_run *run)
{
    static const struct {
        uint64_t address;
        uint8_t space;
        bool is_reachable;
    } rows[] = {
        {0xffff, ACPI_SPACE_IO, true},
        {0x10000, ACPI_SPACE_IO, false},
        {0xfe030000, ACPI_SPACE_MEMORY, true},
        {UINT64_MAX, ACPI_SPACE_MEMORY, false},
        {0x2f8, 2, false}, // PCI configuration space
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acpi_spcr named = spcr(ACPI_SPCR_16550, rows[i].space, 8, 1, rows[i].address);
        CHECK_EQUAL(run, serial_is_reachable(&named), rows[i].is_reachable);
    }
}

static void a_type_of_uart_has_its_driver(struct suite_run *run)
{
    static const uint8_t known[] = {0x00, 0x01, 0x12};

    for (size_t i = 0; i < sizeof known; i++) {
        struct acpi_spcr named = spcr(known[i], ACPI_SPACE_IO, 8, 1, 0x2f8);
        CHECK_TEXT(run, serial_driver(&named)->name, "16550");
    }
    struct acpi_spcr pl011 = spcr(0x03, ACPI_SPACE_MEMORY, 32, 4, 0xfe030000);
    CHECK(run, !serial_driver(&pl011));
}

static const struct suite_case cases[] = {
    SUITE_CASE(text_goes_to_every_device),
    SUITE_CASE(messages_of_the_loglevel_and_above_are_left_out),
    SUITE_CASE(a_device_takes_the_place_of_its_kind),
    SUITE_CASE(a_removed_device_gets_no_text),
    SUITE_CASE(there_is_room_for_so_many_devices),
    SUITE_CASE(a_serial_port_is_reached_as_acpi_describes_it),
    SUITE_CASE(a_serial_port_out_of_reach_is_known),
    SUITE_CASE(a_type_of_uart_has_its_driver),
};
const struct suite console_suite = SUITE("console", cases);
