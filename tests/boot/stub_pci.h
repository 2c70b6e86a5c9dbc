// SPDX-License-Identifier: MIT
// stub_pci: PCI's configuration space behind the ports of mechanism 1, for the suites that look for
// devices.
#ifndef TESTS_BOOT_STUB_PCI_H
#define TESTS_BOOT_STUB_PCI_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stdint.h>

#define STUB_PCI_FUNCTIONS 4

struct stub_pci_function {
    uint32_t at;    // PCI_FUNCTION()
    uint32_t class; // class code, sub-class and interface; 0 with no base addresses: not there
    uint32_t bars[6];
    uint8_t header_type;
    uint16_t command;
};

struct stub_pci {
    struct stub_pci_function functions[STUB_PCI_FUNCTIONS];
    bool is_absent; // no ports answer
    uint32_t selected;
    uint64_t accesses;
};

// The ports of a machine that has these functions.
struct device_io stub_pci_ports(struct stub_pci *stub);

#endif
