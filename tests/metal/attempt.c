// SPDX-License-Identifier: MIT
// The attempts of attempt.h. Each notes where to resume, with which stack, before its access; all
// other registers are what they were when the trap came.
#include "tests/metal/attempt.h"

#include "arch/x86_64/cpu.h"

static struct attempt result;
static uintptr_t resume_at, resume_stack;

static bool on_trap(void *context, struct traps_frame *frame)
{
    (void)context;
    result = (struct attempt){true, frame->vector, frame->error, (uintptr_t)cpu_read_cr2(),
                              (uintptr_t)frame};
    frame->rip = resume_at;
    frame->rsp = resume_stack;
    return true;
}

// `access` may use %[address] and %[byte]; RAX is its own.
#define ATTEMPT(access, address_, byte_)                                                           \
    do {                                                                                           \
        result = (struct attempt){0};                                                              \
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

struct attempt attempt_read(uintptr_t address)
{
    ATTEMPT("movb (%[address]), %%al", address, (uint8_t)0);
}

struct attempt attempt_write(uintptr_t address, uint8_t byte)
{
    ATTEMPT("movb %[byte], (%[address])", address, byte);
}

struct attempt attempt_execute(uintptr_t address)
{
    ATTEMPT("call *%[address]", address, (uint8_t)0);
}

struct attempt attempt_overflow(void)
{
    ATTEMPT("2: pushq %%rax\n\tjmp 2b", (uintptr_t)0, (uint8_t)0);
}

struct attempt attempt_undefined(void)
{
    ATTEMPT("ud2", (uintptr_t)0, (uint8_t)0);
}

struct attempt attempt_nmi_vector(void)
{
    ATTEMPT("int $2", (uintptr_t)0, (uint8_t)0);
}

struct attempt attempt_machine_check_vector(void)
{
    ATTEMPT("int $18", (uintptr_t)0, (uint8_t)0);
}

struct attempt attempt_last_vector(void)
{
    ATTEMPT("int $255", (uintptr_t)0, (uint8_t)0);
}
