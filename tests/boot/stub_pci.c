// SPDX-License-Identifier: MIT
// The ports of stub_pci.h.
#include "tests/boot/stub_pci.h"

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc

static struct stub_pci_function *selected(struct stub_pci *stub)
{
    for (int i = 0; i < STUB_PCI_FUNCTIONS; i++) {
        struct stub_pci_function *function = &stub->functions[i];
        bool is_there = function->class != 0 || function->bars[0] != 0;
        if (is_there && function->at == (stub->selected >> 8 & 0xffff))
            return function;
    }
    return NULL;
}

static uint32_t read_register(const struct stub_pci_function *function, uint32_t offset)
{
    switch (offset) {
    case 0x00:
        return 0x12341af4;
    case 0x04:
        return 0x02900000 | function->command;
    case 0x08:
        return function->class << 8;
    case 0x0c:
        return (uint32_t)function->header_type << 16;
    default:
        return offset >= 0x10 && offset < 0x28 ? function->bars[(offset - 0x10) / 4] : 0;
    }
}

static uint32_t read_port(void *context, uintptr_t port, unsigned width)
{
    struct stub_pci *stub = context;
    const struct stub_pci_function *function = selected(stub);

    stub->accesses++;
    if (stub->is_absent || width != 4)
        return UINT32_MAX;
    if (port == ADDRESS_PORT)
        return stub->selected;
    return port == DATA_PORT && function ? read_register(function, stub->selected & 0xfc)
                                         : UINT32_MAX;
}

static void write_port(void *context, uintptr_t port, unsigned width, uint32_t value)
{
    struct stub_pci *stub = context;
    struct stub_pci_function *function = selected(stub);

    stub->accesses++;
    if (port == ADDRESS_PORT && width == 4)
        stub->selected = value;
    else if (port == DATA_PORT && width == 4 && function && (stub->selected & 0xfc) == 0x04)
        function->command = (uint16_t)value;
}

struct device_io stub_pci_ports(struct stub_pci *stub)
{
    return (struct device_io){.read = read_port, .write = write_port, .context = stub};
}
