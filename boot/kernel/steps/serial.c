// SPDX-License-Identifier: MIT
// Takes page tables from the early heap where the registers are in memory.
#include "boot/kernel/steps/serial.h"

#include "boot/kernel/budget.h"
#include "boot/kernel/serial.h"
#include "boot/kernel/steps/acpi.h"

BUDGET("serial", 3 * PAGE_SIZE, 0, 0); // page tables of its registers

static struct uart uart;
static bool has_moved;
static struct console_device before; // if it has: the device in whose place it is; NULL name: none

// Opens the port of `spcr`, whose registers are at `registers`, and moves the console to it. The
// firmware has set its rate.
static void move_console(struct kernel *kernel, const struct acpi_spcr *spcr,
                         const struct device_registers *registers)
{
    const struct writer *writer = &kernel->console.writer;
    unsigned long long address = spcr->address.address;
    const char *space = spcr->address.space == ACPI_SPACE_IO ? "port" : "memory";

    if (!uart_open(&uart, serial_driver(spcr), registers, UART_KEEP_BAUD)) {
        if (spcr->address.space == ACPI_SPACE_MEMORY)
            device_map_remove(&kernel->devices, (volatile void *)registers->base,
                              SERIAL_REGISTERS_SIZE);
        writer_print(writer, "kernel: serial: no UART answers at %s 0x%llx, which SPCR names\n",
                     space, address);
        return;
    }
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);
    const struct console_device device = serial_device(&uart, address);
    before = current ? *current : (struct console_device){0};
    writer_print(writer, "kernel: serial: continuing at %s 0x%llx, which SPCR names\n", space,
                 address);
    has_moved = console_set(&kernel->console, &device);
}

enum step_result step_serial(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct acpi_table *table = acpi_tables_find(step_acpi_tables(), "SPCR");
    const struct console_device *current = console_find(&kernel->console, SERIAL_NAME);
    struct acpi_spcr spcr;
    volatile void *mapped = NULL;

    if (!table || !acpi_spcr_read(&spcr, table) ||
        (current && current->address == spcr.address.address))
        return STEP_DONE;
    if (!serial_driver(&spcr)) {
        writer_print(writer,
                     "kernel: serial: SPCR names a UART of type %u, for which there is no driver\n",
                     spcr.type);
        return STEP_DONE;
    }
    if (!serial_is_reachable(&spcr)) {
        writer_print(writer,
                     "kernel: serial: SPCR names a UART at 0x%llx in address space %u, which is "
                     "out of reach\n",
                     (unsigned long long)spcr.address.address, spcr.address.space);
        return STEP_DONE;
    }
    if (spcr.address.space == ACPI_SPACE_MEMORY) {
        enum paging_status status = device_map_add(&kernel->devices, physical(spcr.address.address),
                                                   SERIAL_REGISTERS_SIZE, &mapped);
        if (status == PAGING_NO_MEMORY)
            return STEP_NO_MEMORY;
        if (status != PAGING_OK) {
            writer_print(writer, "kernel: serial: memory 0x%llx, which SPCR names: %s\n",
                         (unsigned long long)spcr.address.address, paging_status_name(status));
            return STEP_DONE;
        }
    }
    const struct device_registers registers = serial_registers(&spcr, mapped);
    move_console(kernel, &spcr, &registers);
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
