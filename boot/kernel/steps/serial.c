// SPDX-License-Identifier: MIT
// Takes page tables from the early heap where the registers are in memory.
#include "boot/kernel/steps/serial.h"

#include "arch/x86_64/ns16550.h"
#include "boot/kernel/budget.h"
#include "boot/kernel/serial.h"
#include "boot/kernel/steps/acpi.h"

BUDGET("serial", 3 * PAGE_SIZE, 0, 0); // page tables of its registers

static struct uart uart;
static bool has_moved;
static struct console_device before; // if it has: the device in whose place it is; NULL name: none

// A UART to move the console to.
struct place {
    struct acpi_spcr spcr; // as SPCR describes it, or would
    const char *named_by;
    uint32_t baud;
};

// What SPCR names, with the rate that the firmware has set; where it names nothing and the console
// has no serial port yet, a PCI device. False iff there is none.
static bool find_place(struct place *place, const struct kernel *kernel)
{
    const struct acpi_table *table = acpi_tables_find(step_acpi_tables(), "SPCR");

    if (table && !acpi_table_has(table, 0, ACPI_SPCR_SIZE))
        writer_print(&kernel->console.writer,
                     "kernel: serial: SPCR has %u bytes, too few to name a UART\n", table->length);

    *place = (struct place){.named_by = "SPCR", .baud = UART_KEEP_BAUD};
    if (table && acpi_spcr_read(&place->spcr, table)) {
        serial_find_address(&place->spcr, kernel->ports);
        return true;
    }
    place->named_by = "PCI";
    place->baud = NS16550_BAUD_MAX;
    return !console_find(&kernel->console, SERIAL_NAME) &&
           serial_find_pci(&place->spcr, kernel->ports);
}

// Says so if the kernel cannot use it.
static bool is_usable(const struct place *place, const struct writer *writer)
{
    const struct acpi_spcr *spcr = &place->spcr;

    if (!serial_driver(spcr))
        writer_print(writer,
                     "kernel: serial: %s names a UART of type %u, for which there is no driver\n",
                     place->named_by, spcr->type);
    else if (spcr->address.address == 0)
        writer_print(writer,
                     "kernel: serial: %s names the UART of PCI device %02x:%02x:%02x.%u, which has "
                     "no registers, or is out of reach\n",
                     place->named_by, spcr->pci.segment, spcr->pci.bus, spcr->pci.device,
                     spcr->pci.function);
    else if (!serial_is_reachable(spcr))
        writer_print(writer,
                     "kernel: serial: %s names a UART at 0x%llx in address space %u, which is "
                     "out of reach\n",
                     place->named_by, (unsigned long long)spcr->address.address,
                     spcr->address.space);
    else
        return true;
    return false;
}

static const char *space_of(const struct acpi_spcr *spcr)
{
    return spcr->address.space == ACPI_SPACE_IO ? "port" : "memory";
}

// Opens the port, whose registers are at `registers`, and moves the console to it.
static void move_console(struct kernel *kernel, const struct place *place,
                         const struct device_registers *registers)
{
    const struct writer *writer = &kernel->console.writer;
    const struct acpi_spcr *spcr = &place->spcr;
    unsigned long long address = spcr->address.address;

    if (!uart_open(&uart, serial_driver(spcr), registers, place->baud)) {
        if (spcr->address.space == ACPI_SPACE_MEMORY)
            device_map_remove(&kernel->devices, (volatile void *)registers->base,
                              SERIAL_REGISTERS_SIZE);
        writer_print(writer, "kernel: serial: no UART answers at %s 0x%llx, which %s names\n",
                     space_of(spcr), address, place->named_by);
        return;
    }
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);
    const struct console_device device = serial_device(&uart, address);
    before = current ? *current : (struct console_device){0};
    writer_print(writer, "kernel: serial: continuing at %s 0x%llx, which %s names\n",
                 space_of(spcr), address, place->named_by);
    has_moved = console_set(&kernel->console, &device);
}

// Maps the registers if they are in memory. `mapped` is NULL where they are not.
static enum paging_status map_registers(struct kernel *kernel, const struct acpi_spcr *spcr,
                                        volatile void **mapped)
{
    *mapped = NULL;
    if (spcr->address.space != ACPI_SPACE_MEMORY)
        return PAGING_OK;
    return device_map_add(&kernel->devices, physical(spcr->address.address), SERIAL_REGISTERS_SIZE,
                          mapped);
}

// Whether the console is at this UART already. Until now it is at a port.
static bool is_in_use(const struct kernel *kernel, const struct acpi_address *address)
{
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);

    return current && address->space == ACPI_SPACE_IO && current->address == address->address;
}

enum step_result step_serial(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    struct place place;
    volatile void *mapped;

    if (!find_place(&place, kernel) || is_in_use(kernel, &place.spcr.address) ||
        !is_usable(&place, writer))
        return STEP_DONE;
    enum paging_status status = map_registers(kernel, &place.spcr, &mapped);
    if (status == PAGING_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (status != PAGING_OK) {
        writer_print(writer, "kernel: serial: memory 0x%llx, which %s names: %s\n",
                     (unsigned long long)place.spcr.address.address, place.named_by,
                     paging_status_name(status));
        return STEP_DONE;
    }
    const struct device_registers registers = serial_registers(&place.spcr, mapped);
    move_console(kernel, &place, &registers);
    return STEP_DONE;
}

void step_serial_undo(struct kernel *kernel)
{
    if (has_moved && before.name)
        console_set(&kernel->console, &before);
    else if (has_moved)
        console_remove(&kernel->console, SERIAL_NAME);
    has_moved = false;
}
