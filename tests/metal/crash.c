// SPDX-License-Identifier: MIT
// The crashes of metal.h. Each ends the machine in the way that its scenario test waits for
// (tests/scenarios/test_traps.py).
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"
#include "boot/kernel/steps/interrupts.h"
#include "boot/kernel/steps/processors.h"
#include "tests/metal/metal.h"

// In assembly, because to the compiler address 0 is what cannot happen.
static void touch(uintptr_t address)
{
    __asm__ volatile("movb $1, (%0)" : : "r"(address) : "memory");
}

static void touch_null(struct kernel *kernel)
{
    (void)kernel;
    touch(0);
}

static void call_null(struct kernel *kernel)
{
    (void)kernel;
    __asm__ volatile("call *%0" : : "r"(UINT64_C(0)) : "memory");
}

static void write_text(struct kernel *kernel)
{
    touch((uintptr_t)kernel_end);
    (void)kernel;
}

static void execute_data(struct kernel *kernel)
{
    __asm__ volatile("call *%0" : : "r"(kernel) : "memory");
}

static void overflow_stack(struct kernel *kernel)
{
    (void)kernel;
    __asm__ volatile("1: pushq %%rax\n\tjmp 1b" : : : "memory");
}

static void overrun_region(struct kernel *kernel)
{
    uintptr_t at = kernel->handoff->region_virtual + kernel->handoff->heap.size - 64;

    for (;;)
        touch(at++);
}

static void underrun_region(struct kernel *kernel)
{
    touch(kernel->handoff->region_virtual - 1);
}

// The gate of the page fault is not there, so that the page fault ends in another fault.
static void fault_twice(struct kernel *kernel)
{
    (void)kernel;
    step_interrupts_gates()[TRAPS_PAGE_FAULT].type = 0;
    touch(0);
}

static void execute_undefined(struct kernel *kernel)
{
    (void)kernel;
    __asm__ volatile("ud2");
}

// The same on another processor, on its own stacks.
static void touch_null_there(void *kernel, struct processor *processor)
{
    (void)kernel;
    (void)processor;
    touch(0);
}

static void overflow_stack_there(void *kernel, struct processor *processor)
{
    (void)processor;
    overflow_stack(kernel);
}

static void fault_twice_there(void *kernel, struct processor *processor)
{
    (void)processor;
    fault_twice(kernel);
}

static void interrupt_there(void *kernel, struct processor *processor)
{
    (void)kernel;
    (void)processor;
    __asm__ volatile("int $2"); // the gate and the stack of an NMI
}

static void on_another(struct kernel *kernel, processors_work_function *crash)
{
    if (step_processors_started()->arrived == 0)
        writer_print(&kernel->console.writer, "kernel: there is no other processor\n");
    processors_work(step_processors_started(), crash, kernel);
}

static void other_null(struct kernel *kernel)
{
    on_another(kernel, touch_null_there);
}

static void other_stack_overflow(struct kernel *kernel)
{
    on_another(kernel, overflow_stack_there);
}

static void other_double_fault(struct kernel *kernel)
{
    on_another(kernel, fault_twice_there);
}

static void other_nmi(struct kernel *kernel)
{
    on_another(kernel, interrupt_there);
}

// Without any gate every fault is one too many.
static void fault_thrice(struct kernel *kernel)
{
    const struct cpu_table_register none = {0};

    (void)kernel;
    __asm__ volatile("lidt %0\n\tud2" : : "m"(none));
}

static void hang(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "kernel: hangs on purpose\n");
    for (;;)
        cpu_hlt();
}

// The reset control register of the chipset, at once and in full (ICH9 datasheet, 13.7.5).
static void reset(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "kernel: resets on purpose\n");
    outb(0xcf9, 0x06);
    hang(kernel);
}

// Without a report, and without the final line.
static void leave(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "kernel: powers off in the middle, on purpose\n");
    power_off(&kernel->power);
    hang(kernel);
}

static void panic(struct kernel *kernel)
{
    writer_print(&kernel->console.writer, "kernel: panic: on purpose\n");
    kernel_end(kernel, KERNEL_PANIC);
}

static const struct {
    const char *name;
    void (*run)(struct kernel *kernel);
} crashes[] = {
    {"null", touch_null},
    {"call_null", call_null},
    {"write_text", write_text},
    {"execute_data", execute_data},
    {"stack_overflow", overflow_stack},
    {"region_overrun", overrun_region},
    {"region_underrun", underrun_region},
    {"invalid_opcode", execute_undefined},
    {"double_fault", fault_twice},
    {"other_null", other_null},
    {"other_stack_overflow", other_stack_overflow},
    {"other_double_fault", other_double_fault},
    {"other_nmi", other_nmi},
    {"triple_fault", fault_thrice},
    {"hang", hang},
    {"reset", reset},
    {"leave", leave},
    {"panic", panic},
};

void crash_on_purpose(struct kernel *kernel, const char *name)
{
    const struct writer *writer = &kernel->console.writer;

    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        if (!suite_same_text(name, crashes[i].name))
            continue;
        crashes[i].run(kernel);
        writer_print(writer, "kernel: %s was not prevented\n", name);
        kernel_end(kernel, KERNEL_TESTS_FAILED);
    }
    writer_print(writer, "kernel: no crash is named %s; known are", name);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        writer_print(writer, " %s", crashes[i].name);
    writer_print(writer, "\n");
    kernel_end(kernel, KERNEL_TESTS_FAILED);
}
