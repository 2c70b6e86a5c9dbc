// SPDX-License-Identifier: MIT
// Takes page tables from the early heap where the registers are in memory.
#include "boot/kernel/steps/serial.h"

#include "boot/kernel/budget.h"
#include "boot/console/spcr_port.h"
#include "boot/kernel/steps/acpi.h"

BUDGET("serial", 3 * PAGE_SIZE, 0, 0); // page tables of its registers

static struct uart uart;
static bool has_moved;
static struct console_device before; // if it has: the device in whose place it is; NULL name: none

// Says why the UART that SPCR names cannot be used.
static void print_unusable(const struct writer *writer, const struct acpi_spcr *spcr,
                           enum spcr_port_status status)
{
    switch (status) {
    case SPCR_PORT_NO_DRIVER:
        writer_print(writer,
                     "kernel: serial: SPCR names a UART of type %u, for which there is no driver\n",
                     spcr->type);
        break;
    case SPCR_PORT_NO_REGISTERS:
        writer_print(writer,
                     "kernel: serial: SPCR names the UART of PCI device %02x:%02x:%02x.%u, which "
                     "has no registers, or is out of reach\n",
                     spcr->pci.segment, spcr->pci.bus, spcr->pci.device, spcr->pci.function);
        break;
    case SPCR_PORT_OUT_OF_REACH:
        writer_print(writer,
                     "kernel: serial: SPCR names a UART at 0x%llx in address space %u, which is "
                     "out of reach\n",
                     (unsigned long long)spcr->address.address, spcr->address.space);
        break;
    case SPCR_PORT_OK:
        break;
    }
}

// The UART that SPCR names; where it names none and the console has no serial port yet, that of a
// PCI device. Says so if it cannot be used. False iff there is none.
static bool find_port(struct serial_port *port, const char **named_by, const struct kernel *kernel)
{
    const struct acpi_table *table = acpi_tables_find(step_acpi_tables(), "SPCR");
    struct acpi_spcr spcr;

    *named_by = "SPCR";
    if (table && acpi_spcr_read(&spcr, table)) {
        enum spcr_port_status status = spcr_port_read(port, &spcr, kernel->ports);
        print_unusable(&kernel->console.writer, &spcr, status);
        return status == SPCR_PORT_OK;
    }
    if (table && !acpi_table_has(table, 0, ACPI_SPCR_SIZE))
        writer_print(&kernel->console.writer,
                     "kernel: serial: SPCR has %u bytes, too few to name a UART\n", table->length);
    *named_by = "PCI";
    return !console_find(&kernel->console, SERIAL_NAME) && serial_find_pci(port, kernel->ports);
}

// Whether the console is there already. Until now it is at a port.
static bool is_in_use(const struct kernel *kernel, const struct serial_port *port)
{
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);

    return current && port->is_at_ports && current->address == port->address;
}

static const char *space_of(const struct serial_port *port)
{
    return port->is_at_ports ? "port" : "memory";
}

// Opens the port, whose registers are at `registers`, and moves the console to it.
static void move_console(struct kernel *kernel, const struct serial_port *port,
                         const char *named_by, const struct device_registers *registers)
{
    const struct writer *writer = &kernel->console.writer;
    unsigned long long address = port->address;

    if (!uart_open(&uart, port->driver, registers, port->baud)) {
        if (!port->is_at_ports)
            device_map_remove(&kernel->devices, (volatile void *)registers->base,
                              SERIAL_REGISTERS_SIZE);
        writer_print(writer, "kernel: serial: no UART answers at %s 0x%llx, which %s names\n",
                     space_of(port), address, named_by);
        return;
    }
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);
    const struct console_device device = serial_device(&uart, address);
    before = current ? *current : (struct console_device){0};
    writer_print(writer, "kernel: serial: continuing at %s 0x%llx, which %s names\n",
                 space_of(port), address, named_by);
    has_moved = console_set(&kernel->console, &device);
    if (before.name)
        return;
    console_log_replay(&kernel->log, &device);
    console_remove(&kernel->console, CONSOLE_LOG_NAME);
}

// Maps the registers if they are in memory. `mapped` is NULL where they are not.
static enum paging_status map_registers(struct kernel *kernel, const struct serial_port *port,
                                        volatile void **mapped)
{
    *mapped = NULL;
    if (port->is_at_ports)
        return PAGING_OK;
    return device_map_add(&kernel->devices, physical(port->address), SERIAL_REGISTERS_SIZE, mapped);
}

enum step_result step_serial(struct kernel *kernel)
{
    struct serial_port port;
    const char *named_by;
    volatile void *mapped;

    if (!find_port(&port, &named_by, kernel) || is_in_use(kernel, &port))
        return STEP_DONE;
    enum paging_status status = map_registers(kernel, &port, &mapped);
    if (status == PAGING_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (status != PAGING_OK) {
        writer_print(&kernel->console.writer, "kernel: serial: memory 0x%llx, which %s names: %s\n",
                     (unsigned long long)port.address, named_by, paging_status_name(status));
        return STEP_DONE;
    }
    const struct device_registers registers = serial_registers(&port, mapped);
    move_console(kernel, &port, named_by, &registers);
    return STEP_DONE;
}

void step_serial_undo(struct kernel *kernel)
{
    if (has_moved && before.name) {
        console_set(&kernel->console, &before);
    } else if (has_moved) {
        const struct console_device log = console_log_device(&kernel->log);
        console_remove(&kernel->console, SERIAL_NAME);
        console_set(&kernel->console, &log);
    }
    has_moved = false;
}
