// SPDX-License-Identifier: MIT
// The steps of start.h: console, traps, handoff, page tables, early heap.
#include "boot/kernel/start.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/debugcon.h"
#include "arch/x86_64/pat.h"
#include "arch/x86_64/protections.h"
#include "boot/kernel/early_traps.h"
#include "boot/kernel/handoff_check.h"
#include "boot/console/serial.h"
#include "kmem/fba_account.h"

static void open_console(struct kernel *kernel)
{
    static struct uart uart;
    static struct debugcon debugcon;

    console_init(&kernel->console);
    if (serial_open_standard(&uart)) {
        const struct console_device device = serial_device(&uart, uart.registers.base);
        console_set(&kernel->console, &device);
    } else {
        const struct console_device device = console_log_device(&kernel->log);
        console_set(&kernel->console, &device);
    }
    if (debugcon_open(&debugcon, kernel->ports)) {
        const struct console_device device = {"debug console", 0, debugcon_write, &debugcon};
        console_set(&kernel->console, &device);
    }
    // The firmware's console may have left the cursor in the middle of a line.
    writer_print(&kernel->console.writer, "\nkernel: console:");
    console_list(&kernel->console);
    writer_print(&kernel->console.writer, "\n");
}

static void end_after_trap(void *context)
{
    kernel_end(context, KERNEL_PANIC);
}

static void catch_traps(struct kernel *kernel)
{
    early_traps_load();
    traps_report_to(&kernel->console.writer);
    traps_set_stop(end_after_trap, kernel);
}

static _Noreturn void reject_handoff(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "\n");
    kernel_end(kernel, KERNEL_PANIC);
}

static void check_handoff(struct kernel *kernel, const struct handoff *handoff)
{
    const struct writer *writer = &kernel->console.writer;

    // The check reads the structure, so the structure must be readable first. The tables in force
    // are known to the processor, and the direct map is where the contract puts it.
    const struct paging tables = {.root = physical(cpu_read_cr3()),
                                  .direct_map = HANDOFF_DIRECT_MAP};
    uintptr_t last = (uintptr_t)handoff + sizeof *handoff - 1;
    if (!paging_lookup(&tables, (uintptr_t)handoff).present ||
        !paging_lookup(&tables, last).present) {
        writer_print(writer, "kernel: handoff rejected: nothing is mapped at %p",
                     (const void *)handoff);
        reject_handoff(kernel);
    }
    writer_print(writer, "kernel: handoff ");
    if (!handoff_check(handoff, writer))
        reject_handoff(kernel);
    writer_print(writer, "version %u at %p: good\n", handoff->version, (const void *)handoff);
    kernel->handoff = handoff;
}

static void list_modules(const struct handoff *handoff, const struct writer *writer)
{
    const struct handoff_module *module;

    for (size_t i = 0; (module = handoff_module(handoff, i)) != NULL; i++)
        writer_print(writer, "kernel: module %s: %llu byte%s at 0x%llx\n", module->name,
                     (unsigned long long)module->size, writer_plural(module->size),
                     (unsigned long long)module->physical);
}

// Takes the page tables over, and drops the mapping of the loader's jump.
static void take_page_tables(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;

    kernel->paging = (struct paging){.root = physical(kernel->handoff->page_table_root),
                                     .direct_map = kernel->handoff->direct_map,
                                     .new_table = early_heap_new_table,
                                     .context = &kernel->heap,
                                     .active = true};
    kernel->devices = (struct device_map){.paging = &kernel->paging, .combines = pat_program()};
    paging_drop_lower_half(&kernel->paging);
    struct protections found = protections_enable();
    writer_print(writer, "kernel: protections:%s%s%s WP NX\n", found.smep ? " SMEP" : "",
                 found.smap ? " SMAP" : "", found.umip ? " UMIP" : "");
}

static void adopt_early_heap(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;
    const struct handoff *handoff = kernel->handoff;
    const struct early_heap_memory region = {
        .buffer = (void *)handoff->region_virtual,
        .physical = physical(handoff->region_physical),
        .size = handoff->heap.size,
    };
    enum fba_status status =
        early_heap_adopt(&kernel->heap, &region, handoff,
                         (struct early_heap_output){writer, "kernel: ", kernel->options.ledger});

    if (status != FBA_OK) {
        writer_print(writer, "kernel: the early heap cannot be adopted: %s\n",
                     fba_status_name(status));
        kernel_end(kernel, KERNEL_PANIC);
    }
    kernel->heap.failing.fail_alloc = kernel->options.fail;
    writer_print(writer, "kernel: early heap adopted: %zu of %zu bytes used by the loader\n",
                 fba_used(&kernel->heap.fba), fba_capacity(&kernel->heap.fba));
}

void kernel_start(struct kernel *kernel, const struct handoff *handoff)
{
    const struct writer *writer = &kernel->console.writer;

    kernel->ports = device_io_ports();
    open_console(kernel);
    kernel_options_parse(&kernel->options, "", 0, writer); // for a panic before the command line
    catch_traps(kernel);
    check_handoff(kernel, handoff);
    kernel_options_parse(&kernel->options, handoff_command_line(handoff),
                         handoff->command_line.size, writer);
    kernel->console.loglevel = kernel->options.loglevel;
    list_modules(handoff, console_at(&kernel->console, CONSOLE_INFO));
    take_page_tables(kernel);
    early_traps_add_places(handoff);
    adopt_early_heap(kernel);
}
