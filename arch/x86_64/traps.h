// SPDX-License-Identifier: MIT
// traps: the interrupt descriptor table (IDT), and the report that an unhandled exception gets:
// what faulted, where, the registers and a backtrace. Then the kernel stops.
//
//     traps_build(table, TRAPS_ON_CURRENT_STACK);    before there are interrupt stacks
//     traps_load(table);
//     …
//     traps_build(other, TRAPS_ON_INTERRUPT_STACKS); after descriptors_load with stacks
//     traps_load(other);                             once on each processor
//
// The hooks below are one set for the machine. One processor sets them; until then each is empty.
// A trap on one processor while another reports its own is not reported: that processor halts.
#ifndef ARCH_X86_64_TRAPS_H
#define ARCH_X86_64_TRAPS_H

#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAPS_VECTORS 256

// The vectors that this file or a handler treats by itself: SDM 3A 6.3.1, table 6-1.
enum traps_vector {
    TRAPS_NMI = 2,
    TRAPS_BREAKPOINT = 3,
    TRAPS_INVALID_OPCODE = 6,
    TRAPS_DOUBLE_FAULT = 8,
    TRAPS_INVALID_TSS = 10,
    TRAPS_SEGMENT_NOT_PRESENT = 11,
    TRAPS_STACK_FAULT = 12,
    TRAPS_GENERAL_PROTECTION = 13,
    TRAPS_PAGE_FAULT = 14,
    TRAPS_MACHINE_CHECK = 18,
};

// A gate of the IDT: SDM 3A 6.14.1, figure 6-8.
struct traps_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

// What was interrupted, as traps_entry.S and the processor leave it on the stack. What a handler
// changes here is what the interrupted code has when it is resumed.
struct traps_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector;
    uint64_t error;                    // 0 where the processor gives none
    uint64_t rip, cs, rflags, rsp, ss; // SDM 3A 6.14.2
};

enum traps_stacks {
    TRAPS_ON_CURRENT_STACK,    // an overflow of the stack ends in a triple fault
    TRAPS_ON_INTERRUPT_STACKS, // double fault, NMI, machine check and page fault have their own
};

// A range of addresses that a report of a trap can name: a stack, which a backtrace may be read
// from, or a guard, which no code may touch.
struct traps_place {
    uintptr_t start, end; // [start, end)
    const char *name;     // "boot stack", "guard page under the boot stack"
    uint32_t processor;   // its processor's APIC id; TRAPS_NO_PROCESSOR: it has none
    bool is_stack;
    struct traps_place *next; // traps_add_place() sets it
};
#define TRAPS_NO_PROCESSOR UINT32_MAX

// Fills `table` with a gate for every vector: kernel code segment of descriptors.h, ring 0,
// interrupts off on entry.
void traps_build(struct traps_gate table[TRAPS_VECTORS], enum traps_stacks stacks);

// Makes this processor use `table`, which stays where it is as long as it is loaded. After
// descriptors_load; with interrupts off.
void traps_load(const struct traps_gate table[TRAPS_VECTORS]);

struct traps_handler {
    bool (*handle)(void *context, struct traps_frame *frame); // NULL: there is none
    void *context;
};

// `handler` sees every trap first, with interrupts off. It returns whether the interrupted code
// is resumed with the frame as it is now; else the trap is reported. It must not itself raise a
// trap that has an interrupt stack while it runs on that stack: the second frame overwrites the
// first. Returns the handler before it.
struct traps_handler traps_set_handler(struct traps_handler handler);

// Where the report of a trap is written. Without it a trap stops the machine in silence.
void traps_report_to(const struct writer *writer);

// Called after the report; it must not return, and the processor halts if it does. It is called
// again if a trap happens in it, and not a third time.
void traps_set_stop(void (*stop)(void *context), void *context);

// Adds a place to those that reports name, once; it must stay where it is. A trap at any moment
// finds the list whole. One processor at a time.
void traps_add_place(struct traps_place *place);

// The name of an exception; "interrupt" for vectors from 32, "reserved" for those without a name.
const char *traps_name(uint64_t vector);

// Called by traps_entry.S only. Returns iff the handler resumes the interrupted code.
void traps_enter(struct traps_frame *frame);

#endif
