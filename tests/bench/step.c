// SPDX-License-Identifier: MIT
// The counter of step.h. The trap flag (Intel SDM vol. 3B, 17.3.2) makes the processor trap after
// each instruction; Linux turns that into SIGTRAP, and clears the flag for the handler.
#define _GNU_SOURCE
#include "tests/bench/step.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100

// step_run(function, a, b, c, d, e) sets the flag and calls. The first trap comes after the call,
// at the function's first instruction; the last one after its return, at step_returned.
uintptr_t step_run(step_function function, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
                   uintptr_t e);
extern const char step_returned[];

__asm__(".text\n"
        ".globl step_run\n"
        ".type step_run, @function\n"
        "step_run:\n"
        "    sub $8, %rsp\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %rcx\n"
        "    mov %r9, %r8\n"
        "    pushfq\n"
        "    orq $0x100, (%rsp)\n"
        "    popfq\n"
        "    call *%rax\n"
        ".globl step_returned\n"
        "step_returned:\n"
        "    add $8, %rsp\n"
        "    ret\n"
        ".size step_run, . - step_run\n");

static volatile bool trapped;
static volatile size_t counted;
static volatile uintptr_t previous;
static uintptr_t skipped_start, skipped_end;

static void on_trap(int signal, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t at = (uintptr_t)registers[REG_RIP];

    (void)signal;
    (void)info;
    trapped = true;
    // The instruction at `at` comes next. A repeated string instruction traps after each
    // repetition, and stands where it stood.
    if (at == (uintptr_t)step_returned)
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    else if (at != previous && (at < skipped_start || at >= skipped_end))
        counted++;
    previous = at;
}

void step_open(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

    if (sigaction(SIGTRAP, &action, NULL) != 0) {
        perror("bench: SIGTRAP");
        exit(2);
    }
}

void step_skip(const void *start, const void *end)
{
    skipped_start = (uintptr_t)start;
    skipped_end = (uintptr_t)end;
}

size_t step_call(step_function function, uintptr_t *result, uintptr_t a, uintptr_t b, uintptr_t c,
                 uintptr_t d, uintptr_t e)
{
    trapped = false;
    counted = 0;
    previous = 0;
    *result = step_run(function, a, b, c, d, e);
    if (!trapped) {
        fprintf(stderr, "bench: this machine does not single-step a process\n");
        exit(2);
    }
    return counted;
}
