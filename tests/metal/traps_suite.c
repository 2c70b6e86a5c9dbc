// SPDX-License-Identifier: MIT
// What arch/x86_64/traps.h promises of the way into a handler and back out of it.
#include "boot/kernel/steps/interrupts.h"
#include "tests/metal/metal.h"
#include "tests/metal/attempt.h"

static struct traps_frame seen;

static bool goes_on(void *context, struct traps_frame *frame)
{
    *(struct traps_frame *)context = *frame;
    return true;
}

static bool changes_registers(void *context, struct traps_frame *frame)
{
    *(struct traps_frame *)context = *frame;
    frame->rbx = 0x1111;
    frame->r15 = 0x2222;
    frame->rflags |= 1; // carry
    return true;
}

// A breakpoint with these registers; returns them as they are afterwards.
static void breakpoint(uint64_t *rbx, uint64_t *r15, bool *carry)
{
    register uint64_t r15_in __asm__("r15") = *r15;

    __asm__ volatile("clc\n\tint3" : "+b"(*rbx), "+r"(r15_in), "=@ccc"(*carry) : : "memory");
    *r15 = r15_in;
}

static void a_handler_sees_the_registers_and_the_code_goes_on(struct suite_run *run)
{
    uint64_t rbx = 0x123456789abcdef0;
    uint64_t r15 = 0xfedcba9876543210;
    bool carry = true;

    struct traps_handler before = traps_set_handler((struct traps_handler){goes_on, &seen});
    breakpoint(&rbx, &r15, &carry);
    traps_set_handler(before);
    CHECK_EQUAL(run, seen.vector, TRAPS_BREAKPOINT);
    CHECK_EQUAL(run, seen.error, 0);
    CHECK_EQUAL(run, seen.rbx, 0x123456789abcdef0);
    CHECK_EQUAL(run, seen.r15, 0xfedcba9876543210);
    CHECK_EQUAL(run, seen.cs, DESCRIPTORS_KERNEL_CODE);
    CHECK_EQUAL(run, rbx, 0x123456789abcdef0);
    CHECK_EQUAL(run, r15, 0xfedcba9876543210);
    CHECK(run, !carry);
}

static void what_a_handler_changes_is_what_the_code_finds(struct suite_run *run)
{
    uint64_t rbx = 1;
    uint64_t r15 = 2;
    bool carry = false;

    struct traps_handler before =
        traps_set_handler((struct traps_handler){changes_registers, &seen});
    breakpoint(&rbx, &r15, &carry);
    traps_set_handler(before);
    CHECK_EQUAL(run, rbx, 0x1111);
    CHECK_EQUAL(run, r15, 0x2222);
    CHECK(run, carry);
}

static bool lies_on(const struct attempt *attempt, enum descriptors_ist stack)
{
    const struct traps_place *place = &step_interrupts_area()->stacks[stack - 1].stack;

    return attempt->frame >= place->start && attempt->frame < place->end;
}

static void each_trap_has_the_stack_that_is_its_own(struct suite_run *run)
{
    struct attempt page_fault = attempt_read(0);
    struct attempt nmi = attempt_nmi_vector();
    struct attempt machine_check = attempt_machine_check_vector();
    struct attempt undefined = attempt_undefined();
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    CHECK_EQUAL(run, page_fault.vector, TRAPS_PAGE_FAULT);
    CHECK(run, lies_on(&page_fault, DESCRIPTORS_IST_PAGE_FAULT));
    CHECK_EQUAL(run, nmi.vector, TRAPS_NMI);
    CHECK(run, lies_on(&nmi, DESCRIPTORS_IST_NMI));
    CHECK_EQUAL(run, machine_check.vector, TRAPS_MACHINE_CHECK);
    CHECK(run, lies_on(&machine_check, DESCRIPTORS_IST_MACHINE_CHECK));
    CHECK_EQUAL(run, undefined.vector, TRAPS_INVALID_OPCODE);
    CHECK(run, undefined.frame < here && here - undefined.frame < 1024);
}

static void every_vector_has_a_gate_of_its_own(struct suite_run *run)
{
    CHECK_EQUAL(run, attempt_last_vector().vector, TRAPS_VECTORS - 1);
    for (size_t i = 0; i < TRAPS_VECTORS; i++) {
        const struct traps_gate *gate = &step_interrupts_gates()[i];
        CHECK_EQUAL(run, gate->selector, DESCRIPTORS_KERNEL_CODE);
        CHECK_EQUAL(run, gate->type, 0x8e); // present, ring 0, interrupt gate
        CHECK(run, i == 0 || gate->offset_low != gate[-1].offset_low);
    }
}

static void exceptions_have_names(struct suite_run *run)
{
    CHECK_TEXT(run, traps_name(TRAPS_PAGE_FAULT), "page fault");
    CHECK_TEXT(run, traps_name(TRAPS_DOUBLE_FAULT), "double fault");
    CHECK_TEXT(run, traps_name(22), "reserved");
    CHECK_TEXT(run, traps_name(31), "reserved");
    CHECK_TEXT(run, traps_name(32), "interrupt");
    CHECK_TEXT(run, traps_name(UINT64_MAX), "interrupt");
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_handler_sees_the_registers_and_the_code_goes_on),
    SUITE_CASE(what_a_handler_changes_is_what_the_code_finds),
    SUITE_CASE(each_trap_has_the_stack_that_is_its_own),
    SUITE_CASE(every_vector_has_a_gate_of_its_own),
    SUITE_CASE(exceptions_have_names),
};
const struct suite traps_suite = SUITE("traps", cases);
