// SPDX-License-Identifier: MIT
// pci: PCI configuration space, as far as a console needs it: functions by class, and where their
// registers are. Reached through the two ports of configuration mechanism 1 (PCI 3.0, 3.2.2.3.2),
// which every PC has for its first segment. Field names are those of PCI 3.0, chapter 6.
#ifndef ARCH_X86_64_PCI_H
#define ARCH_X86_64_PCI_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stdint.h>

// A function: bus × 256 + device × 8 + number of the function.
#define PCI_FUNCTION(bus, device, number)                                                          \
    ((uint32_t)(bus) << 8 | ((uint32_t)(device)&0x1f) << 3 | ((uint32_t)(number)&7))
#define PCI_NONE UINT32_C(0x10000) // one behind the last

#define PCI_CLASS_SERIAL UINT16_C(0x0700) // class code 07h, sub-class 00h: a UART (appendix D)

#define PCI_BARS 6u // base address registers of a function

// The first function of this class at or behind `from`; PCI_NONE if there is none, or no PCI. Two
// accesses to ports for each device that there could be: some 16 000 in all.
uint32_t pci_find(struct device_io ports, uint16_t class, uint32_t from);

// Where a base address register puts registers of its function.
struct pci_place {
    bool is_port;
    uint64_t address; // port or physical; not 0
};

// Reads base address register `number`, below PCI_BARS, and lets the function answer there, which
// the firmware need not have done. False iff the register is not set, or there is no such function.
bool pci_open(struct device_io ports, uint32_t function, unsigned number, struct pci_place *place);

#endif
