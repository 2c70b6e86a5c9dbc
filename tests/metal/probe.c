// SPDX-License-Identifier: MIT
// The probes of probe.h. Each notes where to resume, with which stack, before its access; all
// other registers are what they were when the trap came.
#include "tests/metal/probe.h"

#include "arch/x86_64/cpu.h"

static struct probe result;
static uintptr_t resume_at, resume_stack;

static bool on_trap(void *context, struct traps_frame *frame)
{
    (void)context;
    result = (struct probe){true, frame->vector, frame->error, (uintptr_t)cpu_read_cr2(),
                            (uintptr_t)frame};
    frame->rip = resume_at;
    frame->rsp = resume_stack;
    return true;
}

// `access` may use %[address] and %[byte]; RAX is its own.
#define PROBE(access, address_, byte_)                                                             \
    do {                                                                                           \
        result = (struct probe){0};                                                                \
        struct traps_handler before = traps_set_handler((struct traps_handler){on_trap, NULL});    \
        __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"                                               \
                         "movq %%rax, %[resume_at]\n\t"                                            \
                         "movq %%rsp, %[resume_stack]\n\t" access "\n"                             \
                         "1:"                                                                      \
                         : [resume_at] "=m"(resume_at), [resume_stack] "=m"(resume_stack)          \
                         : [address] "r"(address_), [byte] "q"(byte_)                              \
                         : "rax", "memory", "cc");                                                 \
        traps_set_handler(before);                                                                 \
        return result;                                                                             \
    } while (0)

struct probe probe_read(uintptr_t address)
{
    PROBE("movb (%[address]), %%al", address, (uint8_t)0);
}

struct probe probe_write(uintptr_t address, uint8_t byte)
{
    PROBE("movb %[byte], (%[address])", address, byte);
}

struct probe probe_execute(uintptr_t address)
{
    PROBE("call *%[address]", address, (uint8_t)0);
}

struct probe probe_overflow(void)
{
    PROBE("2: pushq %%rax\n\tjmp 2b", (uintptr_t)0, (uint8_t)0);
}

struct probe probe_undefined(void)
{
    PROBE("ud2", (uintptr_t)0, (uint8_t)0);
}

struct probe probe_nmi_vector(void)
{
    PROBE("int $2", (uintptr_t)0, (uint8_t)0);
}

struct probe probe_machine_check_vector(void)
{
    PROBE("int $18", (uintptr_t)0, (uint8_t)0);
}

struct probe probe_last_vector(void)
{
    PROBE("int $255", (uintptr_t)0, (uint8_t)0);
}
