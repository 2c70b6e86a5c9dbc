// SPDX-License-Identifier: MIT
// named_port: the UART that the firmware names as its console's, in ACPI's SPCR: on a machine
// without a serial port where a PC has one, what late_console.h writes to.
#ifndef BOOT_LOADER_NAMED_PORT_H
#define BOOT_LOADER_NAMED_PORT_H

#include "boot/acpi/tables.h"
#include "boot/console/serial.h"
#include "boot/loader/firmware.h"

// Describes the UART that the first SPCR of these tables names. `ports` reaches PCI's configuration
// space (pci.h). False, and `port` is then undefined, iff none is named that can be used, or its
// registers are in memory that `memory` does not reach. Linear in the bytes of ACPI's tables.
bool named_port_find(struct serial_port *port, const struct firmware_tables *tables,
                     const struct acpi_memory *memory, struct device_io ports);

#endif
