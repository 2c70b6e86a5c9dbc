// SPDX-License-Identifier: MIT
// spcr_port: the serial port that ACPI's SPCR names, as the console takes it, and the list of UART
// drivers: a new type of UART is a driver in arch/ and a row here.
#ifndef BOOT_CONSOLE_SPCR_PORT_H
#define BOOT_CONSOLE_SPCR_PORT_H

#include "boot/console/serial.h"
#include "boot/acpi/spcr.h"

enum spcr_port_status {
    SPCR_PORT_OK,
    SPCR_PORT_NO_DRIVER,    // its type is unknown here
    SPCR_PORT_NO_REGISTERS, // it is a PCI device that has none, or is not in the first segment
    SPCR_PORT_OUT_OF_REACH, // in another address space, behind the last port, or in memory and
                            // wraps
};

// Describes the port. Width and stride of a register are those of its address structure, one byte
// each where that does not say. Where SPCR names only a PCI device, that tells the address; `ports`
// reaches its configuration space (pci.h). `port` is undefined unless the result is SPCR_PORT_OK.
enum spcr_port_status spcr_port_read(struct serial_port *port, const struct acpi_spcr *spcr,
                                     struct device_io ports);

#endif
