// SPDX-License-Identifier: MIT
// The IDT and the report of a trap. The report trusts nothing: it allocates nothing, reads no
// stack that it was not told of, and a trap inside it ends it.
#include "arch/x86_64/traps.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/descriptors.h"

_Static_assert(sizeof(struct traps_gate) == 16, "SDM 3A 6.14.1: gates have 16 bytes");
_Static_assert(sizeof(struct traps_frame) == 22 * 8,
               "traps_entry.S pushes 15 + 2, the processor 5");
_Static_assert(offsetof(struct traps_frame, vector) == 15 * 8, "traps_entry.S pushes 15 registers");

// A gate's type byte, SDM 3A figure 6-8: present, ring 0, 64-bit interrupt gate (table 3-2).
#define GATE_PRESENT UINT8_C(0x80)
#define GATE_INTERRUPT UINT8_C(0x0e)

// The error code of a page fault: SDM 3A 4.7, figure 4-12.
#define FAULT_PRESENT (UINT64_C(1) << 0)
#define FAULT_WRITE (UINT64_C(1) << 1)
#define FAULT_USER (UINT64_C(1) << 2)
#define FAULT_RESERVED (UINT64_C(1) << 3)
#define FAULT_FETCH (UINT64_C(1) << 4)

// The error code of a fault over a segment: SDM 3A 6.13, figure 6-7.
#define SELECTOR_EXTERNAL (UINT64_C(1) << 0)
#define SELECTOR_IDT (UINT64_C(1) << 1)
#define SELECTOR_LDT (UINT64_C(1) << 2)
#define SELECTOR_INDEX_SHIFT 3

// Deep enough for any real chain of calls, short enough for a screen.
#define BACKTRACE_MAXIMUM 32

// The entries of traps_entry.S: TRAPS_VECTORS of them, ENTRY_SIZE bytes each.
#define ENTRY_SIZE 16
extern const unsigned char traps_entries[];

static struct traps_handler trap_hook;
static void (*stop_hook)(void *context);
static void *stop_context;
static const struct writer *report_writer;
static struct traps_place *known_places;

// The processor that reports a trap: its APIC id + 1, 0 for none; and how many traps it is
// reporting, one inside the other. Volatile: a trap comes between any two instructions.
static volatile uint32_t reporter;
static volatile unsigned report_depth;

static uint8_t stack_of(unsigned vector)
{
    switch (vector) {
    case TRAPS_DOUBLE_FAULT:
        return DESCRIPTORS_IST_DOUBLE_FAULT;
    case TRAPS_NMI:
        return DESCRIPTORS_IST_NMI;
    case TRAPS_MACHINE_CHECK:
        return DESCRIPTORS_IST_MACHINE_CHECK;
    case TRAPS_PAGE_FAULT:
        return DESCRIPTORS_IST_PAGE_FAULT;
    default:
        return DESCRIPTORS_IST_NONE;
    }
}

void traps_build(struct traps_gate table[TRAPS_VECTORS], enum traps_stacks stacks)
{
    for (unsigned vector = 0; vector < TRAPS_VECTORS; vector++) {
        uint64_t entry = (uintptr_t)traps_entries + (uintptr_t)vector * ENTRY_SIZE;
        table[vector] = (struct traps_gate){
            .offset_low = (uint16_t)entry,
            .selector = DESCRIPTORS_KERNEL_CODE,
            .ist = stacks == TRAPS_ON_INTERRUPT_STACKS ? stack_of(vector) : DESCRIPTORS_IST_NONE,
            .type = GATE_PRESENT | GATE_INTERRUPT,
            .offset_middle = (uint16_t)(entry >> 16),
            .offset_high = (uint32_t)(entry >> 32),
        };
    }
}

void traps_load(const struct traps_gate table[TRAPS_VECTORS])
{
    struct cpu_table_register idtr = {
        .limit = sizeof(struct traps_gate) * TRAPS_VECTORS - 1,
        .base = (uintptr_t)table,
    };
    __asm__ volatile("lidt %0" : : "m"(idtr) : "memory");
}

struct traps_handler traps_set_handler(struct traps_handler handler)
{
    struct traps_handler before = trap_hook;

    trap_hook = handler;
    return before;
}

void traps_report_to(const struct writer *writer)
{
    report_writer = writer;
}

void traps_set_stop(void (*stop)(void *context), void *context)
{
    stop_context = context;
    stop_hook = stop;
}

static bool is_known(const struct traps_place *place)
{
    const struct traps_place *known = known_places;

    while (known && known != place)
        known = known->next;
    return known != NULL;
}

void traps_add_place(struct traps_place *place)
{
    if (is_known(place))
        return;
    place->next = known_places;
    __atomic_store_n(&known_places, place, __ATOMIC_RELEASE);
}

const char *traps_name(uint64_t vector)
{
    // SDM 3A table 6-1; 28 to 30 are AMD's, APM volume 2, table 8-1.
    static const char *const names[32] = {
        [0] = "divide error",
        [1] = "debug exception",
        [TRAPS_NMI] = "non-maskable interrupt",
        [TRAPS_BREAKPOINT] = "breakpoint",
        [4] = "overflow",
        [5] = "BOUND range exceeded",
        [TRAPS_INVALID_OPCODE] = "invalid opcode",
        [7] = "device not available",
        [TRAPS_DOUBLE_FAULT] = "double fault",
        [9] = "coprocessor segment overrun",
        [TRAPS_INVALID_TSS] = "invalid TSS",
        [TRAPS_SEGMENT_NOT_PRESENT] = "segment not present",
        [TRAPS_STACK_FAULT] = "stack-segment fault",
        [TRAPS_GENERAL_PROTECTION] = "general protection fault",
        [TRAPS_PAGE_FAULT] = "page fault",
        [16] = "x87 floating-point error",
        [17] = "alignment check",
        [TRAPS_MACHINE_CHECK] = "machine check",
        [19] = "SIMD floating-point exception",
        [20] = "virtualization exception",
        [21] = "control protection exception",
        [28] = "hypervisor injection exception",
        [29] = "VMM communication exception",
        [30] = "security exception",
    };
    if (vector >= sizeof names / sizeof names[0])
        return "interrupt";
    return names[vector] ? names[vector] : "reserved";
}

static const char *page_fault_cause(uint64_t error)
{
    if (!(error & FAULT_PRESENT))
        return "not mapped";
    if (error & FAULT_RESERVED)
        return "mapped by a table entry with a reserved bit set";
    if (error & FAULT_FETCH)
        return "not executable";
    return (error & FAULT_WRITE) ? "not writable" : "not accessible";
}

static void report_page_fault(const struct writer *writer, uint64_t error, uint64_t address)
{
    const char *access = error & FAULT_FETCH   ? "executed"
                         : error & FAULT_WRITE ? "wrote to"
                                               : "read from";
    writer_print(writer, "trap: %s %s 0x%016llx, which is %s\n",
                 error & FAULT_USER ? "user code" : "the kernel", access,
                 (unsigned long long)address, page_fault_cause(error));
    for (const struct traps_place *place = known_places; place; place = place->next) {
        if (place->is_stack || address < place->start || address >= place->end)
            continue;
        writer_print(writer, "trap: that is in the %s", place->name);
        if (place->processor != TRAPS_NO_PROCESSOR)
            writer_print(writer, " of processor %u", place->processor);
        writer_print(writer, ", [0x%016llx, 0x%016llx)\n", (unsigned long long)place->start,
                     (unsigned long long)place->end);
    }
}

static void report_selector(const struct writer *writer, uint64_t error)
{
    if (error == 0)
        return; // the fault is not about a segment
    writer_print(writer, "trap: over entry %llu of the %s%s\n",
                 (unsigned long long)(error >> SELECTOR_INDEX_SHIFT),
                 error & SELECTOR_IDT   ? "IDT"
                 : error & SELECTOR_LDT ? "LDT"
                                        : "GDT",
                 error & SELECTOR_EXTERNAL ? ", for an event from outside" : "");
}

static void report_registers(const struct writer *writer, const struct traps_frame *frame)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rip", frame->rip}, {"cs", frame->cs},   {"rflags", frame->rflags}, {"rsp", frame->rsp},
        {"ss", frame->ss},   {"rax", frame->rax}, {"rbx", frame->rbx},       {"rcx", frame->rcx},
        {"rdx", frame->rdx}, {"rsi", frame->rsi}, {"rdi", frame->rdi},       {"rbp", frame->rbp},
        {"r8", frame->r8},   {"r9", frame->r9},   {"r10", frame->r10},       {"r11", frame->r11},
        {"r12", frame->r12}, {"r13", frame->r13}, {"r14", frame->r14},       {"r15", frame->r15},
    };
    const size_t count = sizeof registers / sizeof registers[0];
    for (size_t i = 0; i < count; i++) {
        bool first = i % 3 == 0;
        bool last = i % 3 == 2 || i + 1 == count;
        writer_print(writer, "%s%-6s 0x%016llx%s", first ? "trap:   " : "  ", registers[i].name,
                     (unsigned long long)registers[i].value, last ? "\n" : "");
    }
}

// The stack that the two words of a call frame at `frame` lie in, or NULL.
static const struct traps_place *stack_with(uint64_t frame)
{
    for (const struct traps_place *place = known_places; place; place = place->next)
        if (place->is_stack && frame >= place->start && frame < place->end &&
            place->end - frame >= 2 * sizeof(uint64_t))
            return place;
    return NULL;
}

// Follows the frame pointers: each points to the caller's, with the return address above it
// (System V ABI 3.2.2, figure 3.3). Each must lie higher than the one before, in the same stack.
static void report_backtrace(const struct writer *writer, const struct traps_frame *frame)
{
    uint64_t at = frame->rbp;
    const struct traps_place *stack = stack_with(at);
    writer_print(writer, "trap: backtrace\ntrap:   0x%016llx\n", (unsigned long long)frame->rip);
    for (int i = 0; i < BACKTRACE_MAXIMUM && at != 0; i++) {
        if (!stack || stack_with(at) != stack || at % sizeof(uint64_t) != 0) {
            writer_print(writer, "trap:   ends: frame pointer 0x%016llx is outside the stack\n",
                         (unsigned long long)at);
            return;
        }
        const uint64_t *words = (const uint64_t *)(uintptr_t)at;
        writer_print(writer, "trap:   0x%016llx\n", (unsigned long long)words[1]);
        if (words[0] != 0 && words[0] <= at) {
            writer_print(writer, "trap:   ends: frame pointer 0x%016llx does not lie higher\n",
                         (unsigned long long)words[0]);
            return;
        }
        at = words[0];
    }
    if (at != 0)
        writer_print(writer, "trap:   ends: %d callers shown, there are more\n", BACKTRACE_MAXIMUM);
}

static void report(const struct writer *writer, const struct traps_frame *frame, uint64_t cr2)
{
    writer_print(writer, "trap: %s (vector %llu, error code 0x%llx) on processor %u\n",
                 traps_name(frame->vector), (unsigned long long)frame->vector,
                 (unsigned long long)frame->error, cpu_initial_apic_id());
    switch (frame->vector) {
    case TRAPS_PAGE_FAULT:
        report_page_fault(writer, frame->error, cr2);
        break;
    case TRAPS_INVALID_TSS:
    case TRAPS_SEGMENT_NOT_PRESENT:
    case TRAPS_STACK_FAULT:
    case TRAPS_GENERAL_PROTECTION:
        report_selector(writer, frame->error);
        break;
    default:
        break;
    }
    report_registers(writer, frame);
    report_backtrace(writer, frame);
}

// Claims the report for this processor. False iff another has it.
static bool claim_report(void)
{
    uint32_t me = cpu_initial_apic_id() + 1;
    uint32_t owner = 0;

    return __atomic_compare_exchange_n(&reporter, &owner, me, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE) ||
           owner == me;
}

static _Noreturn void report_and_stop(const struct traps_frame *frame, uint64_t cr2)
{
    static const char nested[] = "\ntrap: another trap inside this report: stopping\n";

    if (!claim_report())
        cpu_stop();
    unsigned depth = report_depth++;
    if (depth >= 2)
        cpu_stop();
    if (report_writer && depth == 0)
        report(report_writer, frame, cr2);
    else if (report_writer)
        report_writer->write(report_writer->context, nested, sizeof nested - 1);
    if (stop_hook)
        stop_hook(stop_context);
    cpu_stop();
}

void traps_enter(struct traps_frame *frame)
{
    uint64_t cr2 = cpu_read_cr2();                          // before anything can fault again
    bool may_go_on = reporter != cpu_initial_apic_id() + 1; // a report that traps is not resumed
    if (may_go_on && trap_hook.handle && trap_hook.handle(trap_hook.context, frame))
        return;
    report_and_stop(frame, cr2);
}
