// SPDX-License-Identifier: MIT
// What arch/x86_64/power.h promises of power_off(), on stub registers that write down every access.
#include "arch/x86_64/power.h"
#include "tests/boot/suites.h"

#define PM1A 0x604
#define PM1B 0x704
#define SMI 0xb2
#define MOST 8 // writes that are kept

struct stub {
    uint16_t control[2]; // PM1a, PM1b
    int reads_until_acpi_mode;
    struct {
        uintptr_t port;
        unsigned width;
        uint32_t value;
    } writes[MOST];
    size_t count; // of writes
};

static uint32_t read_stub(void *context, uintptr_t address, unsigned width)
{
    struct stub *stub = context;

    if (stub->reads_until_acpi_mode > 0 && --stub->reads_until_acpi_mode == 0)
        stub->control[0] |= 1;
    return width == 2 ? stub->control[address == PM1B] : UINT32_MAX;
}

static void write_stub(void *context, uintptr_t address, unsigned width, uint32_t value)
{
    struct stub *stub = context;

    if (stub->count < MOST) {
        stub->writes[stub->count].port = address;
        stub->writes[stub->count].width = width;
        stub->writes[stub->count].value = value;
    }
    stub->count++;
    if (address == SMI && stub->reads_until_acpi_mode == 0)
        stub->reads_until_acpi_mode = 5;
}

static struct power power_of(struct stub *stub)
{
    return (struct power){
        .io = {.read = read_stub, .write = write_stub, .context = stub},
        .pm1a_control = PM1A,
        .sleep_type_a = 5,
        .sleep_type_b = 3,
    };
}

static void check_write(struct suite_run *run, const struct stub *stub, size_t number,
                        uintptr_t port, unsigned width, uint32_t value)
{
    CHECK(run, number < stub->count);
    CHECK_EQUAL(run, stub->writes[number].port, port);
    CHECK_EQUAL(run, stub->writes[number].width, width);
    CHECK_EQUAL(run, stub->writes[number].value, value);
}

static void the_type_comes_first_and_the_enable_bit_after_it(struct suite_run *run)
{
    struct stub stub = {.control = {0x3c03}}; // another type, SLP_EN, and two bits that stay
    struct power power = power_of(&stub);

    power_off(&power);
    CHECK_EQUAL(run, stub.count, 2);
    check_write(run, &stub, 0, PM1A, 2, 0x1403);
    check_write(run, &stub, 1, PM1A, 2, 0x3403);
}

static void with_two_registers_both_types_come_first(struct suite_run *run)
{
    struct stub stub = {.control = {0x0001, 0x0200}};
    struct power power = power_of(&stub);

    power.pm1b_control = PM1B;
    power_off(&power);
    CHECK_EQUAL(run, stub.count, 4);
    check_write(run, &stub, 0, PM1A, 2, 0x1401);
    check_write(run, &stub, 1, PM1B, 2, 0x0e00);
    check_write(run, &stub, 2, PM1A, 2, 0x3401);
    check_write(run, &stub, 3, PM1B, 2, 0x2e00);
}

static void a_machine_in_legacy_mode_enters_acpi_mode_first(struct suite_run *run)
{
    struct stub stub = {.control = {0}};
    struct power power = power_of(&stub);

    power.smi_command = SMI;
    power.acpi_enable = 0xe1;
    power_off(&power);
    CHECK_EQUAL(run, stub.count, 3);
    check_write(run, &stub, 0, SMI, 1, 0xe1);
    check_write(run, &stub, 1, PM1A, 2, 0x1401);
}

static void a_machine_in_acpi_mode_stays_there(struct suite_run *run)
{
    struct stub stub = {.control = {1}};
    struct power power = power_of(&stub);

    power.smi_command = SMI;
    power.acpi_enable = 0xe1;
    power_off(&power);
    CHECK_EQUAL(run, stub.count, 2);
}

static void acpi_mode_that_does_not_come_is_not_waited_for_without_end(struct suite_run *run)
{
    struct stub stub = {.reads_until_acpi_mode = -1};
    struct power power = power_of(&stub);

    power.smi_command = SMI;
    power.acpi_enable = 0xe1;
    power_off(&power);
    CHECK_EQUAL(run, stub.count, 3);
}

static void what_is_not_known_is_not_touched(struct suite_run *run)
{
    struct stub stub = {0};
    struct power power = power_of(&stub);

    power.pm1a_control = 0;
    power_off(&power);
    power_off(&(struct power){0});
    CHECK_EQUAL(run, stub.count, 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_type_comes_first_and_the_enable_bit_after_it),
    SUITE_CASE(with_two_registers_both_types_come_first),
    SUITE_CASE(a_machine_in_legacy_mode_enters_acpi_mode_first),
    SUITE_CASE(a_machine_in_acpi_mode_stays_there),
    SUITE_CASE(acpi_mode_that_does_not_come_is_not_waited_for_without_end),
    SUITE_CASE(what_is_not_known_is_not_touched),
};
const struct suite power_suite = SUITE("power", cases);
