// SPDX-License-Identifier: MIT
// The search of named_port.h. It says nothing of what it cannot use: the kernel does, and needs the
// port more than the loader.
#include "boot/loader/named_port.h"

#include "boot/acpi/spcr.h"
#include "boot/console/spcr_port.h"
#include "kmem/fba_allocator.h"

#define TABLES_MAX 128 // that are listed, and searched for SPCR

// A root pointer of ACPI 2.0 that leads nowhere may stand beside a good one of 1.0. Where all that
// it leads to could be listed, the other names no more.
static bool find_spcr(struct acpi_spcr *spcr, const struct firmware_tables *pointers,
                      const struct acpi_memory *memory)
{
    const uint64_t roots[] = {pointers->acpi_rsdp, pointers->acpi_rsdp_1};

    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        struct acpi_table buffer[TABLES_MAX];
        struct acpi_tables tables;
        struct fba fba;
        (void)fba_init(&fba, buffer, sizeof buffer);
        enum acpi_status status = acpi_tables_read(&tables, roots[i], memory, fba_allocator(&fba));
        const struct acpi_table *table = acpi_tables_find(&tables, "SPCR");
        if (table)
            return acpi_spcr_read(spcr, table);
        if (status == ACPI_OK)
            return false;
    }
    return false;
}

bool named_port_find(struct serial_port *port, const struct firmware_tables *tables,
                     const struct acpi_memory *memory, struct device_io ports)
{
    struct acpi_spcr spcr;

    return find_spcr(&spcr, tables, memory) && spcr_port_read(port, &spcr, ports) == SPCR_PORT_OK &&
           (port->is_at_ports || memory->at(memory->context, port->address, SERIAL_REGISTERS_SIZE));
}
