// SPDX-License-Identifier: MIT
// Waking up and ending: what stands before the first step of the boot and after the last.
#include "boot/kernel/kernel.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/protections.h"
#include "boot/kernel/handoff_check.h"

extern unsigned char boot_stack_bottom[], boot_stack_top[]; // linker.ld

// The trap hook of arch/ has no argument. There is one kernel, and this is it.
static struct kernel *woken;

static void end_after_trap(void)
{
    kernel_end(woken, KERNEL_PANIC);
}

static _Noreturn void refuse(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "\n");
    kernel_end(kernel, KERNEL_PANIC);
}

static void catch_traps(struct kernel *kernel)
{
    woken = kernel;
    descriptors_load(&kernel->first_descriptors, NULL, 0);
    traps_build(kernel->first_gates, TRAPS_ON_CURRENT_STACK);
    traps_report_to(&kernel->console.writer);
    traps_set_stop(end_after_trap);
    traps_load(kernel->first_gates);
}

static void name_place(struct traps_place *place, uintptr_t low, uintptr_t high, const char *name,
                       bool is_stack)
{
    *place = (struct traps_place){
        .low = low,
        .high = high,
        .name = name,
        .processor = TRAPS_NO_PROCESSOR,
        .is_stack = is_stack,
    };
    traps_add_place(place);
}

// Tells accounts of traps about the stack and the guards that linker.ld made.
static void name_places(struct kernel *kernel)
{
    uintptr_t bottom = (uintptr_t)boot_stack_bottom;
    uintptr_t region = kernel->handoff->region_virtual;
    uintptr_t region_end = region + kernel->handoff->heap.size;

    name_place(&kernel->boot_stack, bottom, (uintptr_t)boot_stack_top, "boot stack", true);
    name_place(&kernel->boot_stack_guard, bottom - PAGE_SIZE, bottom,
               "guard page under the boot stack", false);
    name_place(&kernel->region_guards[0], region - PAGE_SIZE, region,
               "guard page before the early heap's region", false);
    name_place(&kernel->region_guards[1], region_end, region_end + PAGE_SIZE,
               "guard page behind the early heap's region", false);
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
        writer_print(writer, "kernel: handoff refused: nothing is mapped at %p",
                     (const void *)handoff);
        refuse(kernel);
    }
    writer_print(writer, "kernel: handoff ");
    if (!handoff_check(handoff, writer))
        refuse(kernel);
    writer_print(writer, "version %u at %p: good\n", handoff->version, (const void *)handoff);
    kernel->handoff = handoff;
}

static void list_modules(const struct handoff *handoff, const struct writer *writer)
{
    const struct handoff_module *module;

    for (size_t i = 0; (module = handoff_module(handoff, i)) != NULL; i++)
        writer_print(writer, "kernel: module %s: %llu bytes at 0x%llx\n", module->name,
                     (unsigned long long)module->size, (unsigned long long)module->physical);
}

void kernel_wake(struct kernel *kernel, const struct handoff *handoff)
{
    const struct writer *writer = &kernel->console.writer;

    console_open(&kernel->console);
    // The firmware's console left the cursor anywhere.
    writer_print(writer, "\nkernel: awake, serial port 0x%x%s%s\n", kernel->console.serial.port,
                 kernel->console.has_serial ? "" : " does not answer",
                 kernel->console.has_debugcon ? ", debug console" : "");
    kernel->options.run[0] = '-';
    catch_traps(kernel);
    check_handoff(kernel, handoff);
    kernel_options_parse(&kernel->options, handoff_command_line(handoff),
                         handoff->command_line.size, writer);
    list_modules(handoff, writer);
    kernel->paging = (struct paging){.root = physical(handoff->page_table_root),
                                     .direct_map = handoff->direct_map,
                                     .new_table = early_heap_new_table,
                                     .context = &kernel->heap,
                                     .active = true};
    paging_drop_lower_half(&kernel->paging);
    struct protections forbidden = protections_enable();
    writer_print(writer, "kernel: protections:%s%s%s WP NX\n", forbidden.smep ? " SMEP" : "",
                 forbidden.smap ? " SMAP" : "", forbidden.umip ? " UMIP" : "");
    name_places(kernel);

    const struct early_heap_memory region = {
        .buffer = (void *)handoff->region_virtual,
        .physical = physical(handoff->region_physical),
        .size = handoff->heap.size,
    };
    enum fba_status status = early_heap_adopt(&kernel->heap, &region, handoff,
                                              (struct early_heap_output){writer, "kernel: "});
    if (status != FBA_OK) {
        writer_print(writer, "kernel: the early heap cannot be adopted: %s",
                     fba_status_name(status));
        refuse(kernel);
    }
    kernel->heap.failing.fail_alloc = kernel->options.fail;
    writer_print(writer, "kernel: early heap adopted: %zu of %zu bytes used by the loader\n",
                 fba_used(&kernel->heap.fba), fba_capacity(&kernel->heap.fba));
}

static const char *verdict_name(enum kernel_verdict verdict)
{
    switch (verdict) {
    case KERNEL_COMPLETE:
        return "complete";
    case KERNEL_OUT_OF_MEMORY:
        return "out of memory";
    case KERNEL_PANIC:
        return "panic";
    case KERNEL_TESTS_FAILED:
        return "tests failed";
    }
    return "unknown";
}

void kernel_end(struct kernel *kernel, enum kernel_verdict verdict)
{
    const struct writer *writer = &kernel->console.writer;

    writer_print(writer, "### %s (run %s)\n", verdict_name(verdict), kernel->options.run);
    if (kernel->options.exit_port != 0)
        power_exit_qemu(kernel->options.exit_port, (uint8_t)verdict);
    power_off(&kernel->power);
    writer_print(writer, "kernel: the machine does not power off; halted\n");
    power_halt();
}

// Below this many ticks of the power management timer the ratio of the clocks is too coarse.
#define SHORTEST_CALIBRATION (TIMER_HZ / 1000)

void kernel_print_time(struct kernel *kernel)
{
    const struct writer *writer = &kernel->console.writer;

    if (kernel->timer.port == 0) {
        writer_print(writer, "kernel: time from loader entry to final account: unknown, this "
                             "machine has no ACPI timer\n");
        return;
    }
    uint64_t taken = cpu_rdtsc() - kernel->handoff->loader_tsc;
    struct timer_sample now = timer_sample(&kernel->timer);
    while (((now.count - kernel->timer_start.count) & kernel->timer.mask) < SHORTEST_CALIBRATION)
        now = timer_sample(&kernel->timer);
    uint64_t per_microsecond = timer_calibrate(&kernel->timer, kernel->timer_start, now);
    if (per_microsecond == 0)
        writer_print(writer, "kernel: time from loader entry to final account: unknown, the "
                             "clocks do not advance\n");
    else
        writer_print(writer, "kernel: time from loader entry to final account: %llu us\n",
                     (unsigned long long)(taken / per_microsecond));
}
