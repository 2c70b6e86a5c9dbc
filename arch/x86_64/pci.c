// SPDX-License-Identifier: MIT
// The configuration accesses of pci.h.
#include "arch/x86_64/pci.h"

// PCI 3.0, 3.2.2.3.2.
#define CONFIG_ADDRESS UINT16_C(0xcf8)
#define CONFIG_DATA UINT16_C(0xcfc)
#define CONFIG_ENABLE (UINT32_C(1) << 31)

// Registers of a function, by their offset: PCI 3.0, figure 6-1.
enum { ID = 0x00, COMMAND = 0x04, CLASS = 0x08, HEADER_TYPE = 0x0c, BAR_0 = 0x10 };

#define ID_NONE UINT32_C(0xffffffff)
#define COMMAND_IO UINT32_C(1)
#define COMMAND_MEMORY UINT32_C(2)
#define COMMAND_MASK UINT32_C(0xffff) // above it is the status, of which a 1 that is written clears
#define CLASS_SHIFT 8
#define HEADER_TYPE_SHIFT 16
#define HEADER_TYPE_NORMAL 0x00u
#define HEADER_TYPE_MASK 0x7fu
#define HEADER_TYPE_MULTI_FUNCTION 0x80u

// Base address registers: 6.2.5.1.
#define BAR_IO UINT32_C(1)
#define BAR_IO_MASK (~UINT32_C(3))
#define BAR_MEMORY_TYPE UINT32_C(6)
#define BAR_MEMORY_64 UINT32_C(4)
#define BAR_MEMORY_MASK (~UINT32_C(0xf))

#define FUNCTIONS 8u // of a device

static void select(struct device_io ports, uint32_t function, uint32_t offset)
{
    ports.write(ports.context, CONFIG_ADDRESS, 4, CONFIG_ENABLE | function << 8 | offset);
}

static uint32_t read(struct device_io ports, uint32_t function, uint32_t offset)
{
    select(ports, function, offset);
    return ports.read(ports.context, CONFIG_DATA, 4);
}

static void write(struct device_io ports, uint32_t function, uint32_t offset, uint32_t value)
{
    select(ports, function, offset);
    ports.write(ports.context, CONFIG_DATA, 4, value);
}

// The register that selects keeps what is written to it, where there is one.
static bool has_configuration(struct device_io ports)
{
    select(ports, 0, 0);
    return ports.read(ports.context, CONFIG_ADDRESS, 4) == CONFIG_ENABLE;
}

static unsigned header_type(struct device_io ports, uint32_t function)
{
    return read(ports, function, HEADER_TYPE) >> HEADER_TYPE_SHIFT & 0xff;
}

// The function behind this one, of which the device is there or not.
static uint32_t next(struct device_io ports, uint32_t function, bool is_there)
{
    bool is_first = function % FUNCTIONS == 0;
    bool is_alone =
        is_first && (!is_there || !(header_type(ports, function) & HEADER_TYPE_MULTI_FUNCTION));

    return function + (is_alone ? FUNCTIONS : 1);
}

static bool is_uart(struct device_io ports, uint32_t function)
{
    uint32_t class = read(ports, function, CLASS) >> CLASS_SHIFT;

    return class >= PCI_CLASS_UART && class <= PCI_CLASS_UART_LAST;
}

uint32_t pci_find_uart(struct device_io ports, uint32_t from)
{
    if (!has_configuration(ports))
        return PCI_NONE;
    for (uint32_t function = from; function < PCI_NONE;) {
        bool is_there = read(ports, function, ID) != ID_NONE;
        if (is_there && is_uart(ports, function))
            return function;
        function = next(ports, function, is_there);
    }
    return PCI_NONE;
}

bool pci_open(struct device_io ports, uint32_t function, unsigned number, struct pci_place *place)
{
    uint32_t offset = BAR_0 + 4 * number;

    if (!has_configuration(ports) || read(ports, function, ID) == ID_NONE ||
        (header_type(ports, function) & HEADER_TYPE_MASK) != HEADER_TYPE_NORMAL)
        return false;
    uint32_t low = read(ports, function, offset);
    place->is_port = low & BAR_IO;
    place->address = low & (place->is_port ? BAR_IO_MASK : BAR_MEMORY_MASK);
    if (!place->is_port && (low & BAR_MEMORY_TYPE) == BAR_MEMORY_64 && number + 1 < PCI_BARS)
        place->address |= (uint64_t)read(ports, function, offset + 4) << 32;
    if (place->address == 0)
        return false;
    uint32_t command = read(ports, function, COMMAND) & COMMAND_MASK;
    uint32_t wanted = place->is_port ? COMMAND_IO : COMMAND_MEMORY;
    if (!(command & wanted))
        write(ports, function, COMMAND, command | wanted);
    return true;
}
