// SPDX-License-Identifier: MIT
// Quirks of the table that names the serial port, SPCR (Microsoft).
#include "arch/x86_64/pci.h"
#include "tests/quirks/acpi_edit.h"
#include "tests/quirks/quirk.h"

enum { TYPE = 36, SPACE = 40, BITS = 41, ACCESS = 43, ADDRESS = 44, BAUD = 58 };
enum { MEMORY = 0, PORT = 1, TYPE_16550_GAS = 0x12 };

static unsigned char *add_spcr(unsigned char type, unsigned char space, unsigned char bits,
                               uint64_t address)
{
    unsigned char *spcr = quirk_copy_acpi() ? acpi_edit_add("SPCR", 80) : NULL;

    if (spcr) {
        spcr[TYPE] = type;
        spcr[SPACE] = space;
        spcr[BITS] = bits;
        acpi_put(spcr + ADDRESS, address, 8);
        acpi_fix_table(spcr);
    }
    return spcr;
}

static bool serial_port_that_wraps(void)
{
    return add_spcr(TYPE_16550_GAS, MEMORY, 32, UINT64_MAX - 3);
}

static bool serial_port_beyond(void)
{
    return add_spcr(TYPE_16550_GAS, MEMORY, 32, UINT64_C(1) << 51);
}

static bool serial_port_of_another_type(void)
{
    return add_spcr(0x03, MEMORY, 32, 0xfe030000); // a PL011
}

static bool serial_port_in_another_space(void)
{
    return add_spcr(TYPE_16550_GAS, 0x0a, 8, 0x2f8);
}

// In the memory of a PCI device, QEMU's ivshmem-plain, at slot 16: to who writes to it, a UART.
static bool serial_port_in_device_memory(void)
{
    EFI_TPL level = quirk_system->BootServices->RaiseTPL(TPL_HIGH_LEVEL);
    struct pci_place place;
    bool is_there = pci_open(device_io_ports(), PCI_FUNCTION(0, 16, 0), 2, &place);

    quirk_system->BootServices->RestoreTPL(level);
    return is_there && add_spcr(TYPE_16550_GAS, MEMORY, 8, place.address);
}

// The number of a port, said to be in memory.
static bool serial_port_in_the_wrong_space(void)
{
    return add_spcr(0, MEMORY, 8, 0x3f8);
}

static bool serial_port_in_memory_in_use(void)
{
    static unsigned char memory[64];

    return add_spcr(TYPE_16550_GAS, MEMORY, 8, (uintptr_t)memory);
}

static bool serial_port_behind_the_last_port(void)
{
    return add_spcr(0, PORT, 8, 0x103f8);
}

// The table ends behind the address.
static bool short_spcr(void)
{
    unsigned char *spcr = add_spcr(0, PORT, 8, 0x3f8);

    if (!spcr)
        return false;
    acpi_put(spcr + 4, 50, 4);
    acpi_fix_table(spcr);
    return true;
}

static bool empty_spcr(void)
{
    return add_spcr(0, PORT, 8, 0);
}

const struct quirk spcr_quirks[] = {
    {"serial_port_that_wraps", serial_port_that_wraps},
    {"serial_port_beyond", serial_port_beyond},
    {"serial_port_of_another_type", serial_port_of_another_type},
    {"serial_port_in_another_space", serial_port_in_another_space},
    {"serial_port_in_device_memory", serial_port_in_device_memory},
    {"serial_port_in_the_wrong_space", serial_port_in_the_wrong_space},
    {"serial_port_in_memory_in_use", serial_port_in_memory_in_use},
    {"serial_port_behind_the_last_port", serial_port_behind_the_last_port},
    {"short_spcr", short_spcr},
    {"empty_spcr", empty_spcr},
    {0},
};
