// SPDX-License-Identifier: MIT
// pci: PCI configuration space, as far as a console needs it: UARTs, and where their registers are.
// Reached through the two ports of configuration mechanism 1 (PCI 3.0, 3.2.2.3.2), which every PC
// has for its first segment. Field names are those of PCI 3.0, chapter 6.
#ifndef ARCH_X86_64_PCI_H
#define ARCH_X86_64_PCI_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stdint.h>

// A function: bus × 256 + device × 8 + number of the function.
#define PCI_FUNCTION(bus, device, number)                                                          \
    ((uint32_t)(bus) << 8 | ((uint32_t)(device)&0x1f) << 3 | ((uint32_t)(number)&7))
#define PCI_NONE UINT32_C(0x10000) // one behind the last

// Class code 07h, sub-class 00h, interfaces 00h to 06h: a UART, XT-compatible to 16950 (appendix
// D). With another interface its registers are its maker's own.
#define PCI_CLASS_UART UINT32_C(0x070000)
#define PCI_CLASS_UART_LAST UINT32_C(0x070006)

#define PCI_BARS 6u // base address registers of a function

// The first UART at or behind the function `from`; PCI_NONE if there is none, or no PCI. Two
// accesses to ports for each device that there could be: some 16 000 in all.
uint32_t pci_find_uart(struct device_io ports, uint32_t from);

// Where a base address register puts registers of its function.
struct pci_place {
    bool is_port;
    uint64_t address; // port or physical; not 0
};

// Reads base address register `number`, below PCI_BARS, and lets the function answer there, which
// the firmware need not have done. False iff the register is not set, or there is no such function.
bool pci_open(struct device_io ports, uint32_t function, unsigned number, struct pci_place *place);

#endif
