// SPDX-License-Identifier: MIT
// The handler of first_fault.h. The report itself is that of arch/x86_64/traps.h.
#include "boot/loader/first_fault.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/traps.h"
#include "boot/loader/late_console.h"

#define STACK_SIZE 8192

static struct traps_gate gates[TRAPS_VECTORS];
static struct descriptors descriptors;
static _Alignas(16) unsigned char stack[STACK_SIZE];
static struct late_console late;
static struct traps_frame first; // of the first exception
static uint64_t first_address;   // that it was about, if it was a page fault

void first_fault_print_place(const struct writer *writer, const struct loader *loader,
                             uint64_t address)
{
    const struct elf_image *elf = &loader->elf;

    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        unsigned long long into = address - segment->start;
        if (address < segment->start || address >= page_round_up(segment->end, PAGE_SIZE))
            continue;
        writer_print(writer, "in segment %llu of its file", (unsigned long long)segment->number);
        if (into < segment->file_size)
            writer_print(writer, " (byte %llu)", segment->offset + into);
        return;
    }
    if (address >= elf->region_start && address - elf->region_start < loader->region_size)
        writer_print(writer, "in the early heap's region");
    else if (address >= elf->start && address < elf->region_start)
        writer_print(writer, "in a hole between its segments");
    else
        writer_print(writer, "in no segment of its file");
}

// Sees each exception before its report.
static bool note(void *context, struct traps_frame *frame)
{
    const struct loader *loader = context;

    if (first.cs != 0) // an exception inside this handler
        return false;
    first_address = cpu_read_cr2();
    first = *frame;
    late_console_open(&late, &loader->named_port, &loader->late_screen);
    return false;
}

static void stop(void *context)
{
    const struct loader *loader = context;
    const struct writer *writer = &late.console.writer;

    writer_print(
        writer,
        "loader: stopped: the kernel faulted before it had loaded descriptor tables of its "
        "own: %s at 0x%llx, ",
        traps_name(first.vector), (unsigned long long)first.rip);
    first_fault_print_place(writer, loader, first.rip);
    if (first.vector == TRAPS_PAGE_FAULT && first_address != first.rip) {
        writer_print(writer, ", over 0x%llx, ", (unsigned long long)first_address);
        first_fault_print_place(writer, loader, first_address);
    }
    writer_print(writer, "\n");
}

void first_fault_load(struct loader *loader)
{
    const uintptr_t top = (uintptr_t)(stack + STACK_SIZE);
    const uintptr_t tops[DESCRIPTORS_IST_COUNT] = {top, top, top, top};

    cpu_cli();
    console_init(&late.console);
    traps_report_to(&late.console.writer);
    traps_set_handler((struct traps_handler){note, loader});
    traps_set_stop(stop, loader);
    descriptors_load(&descriptors, tops);
    traps_build(gates, TRAPS_ON_INTERRUPT_STACKS);
    for (size_t i = 0; i < TRAPS_VECTORS; i++)
        gates[i].ist = DESCRIPTORS_IST_DOUBLE_FAULT; // any of them: they are one stack
    traps_load(gates);
}
