// SPDX-License-Identifier: MIT
// A kernel of another origin, as small as can be: it has copied kmem/fba.h, fba.c and two headers,
// brings the two functions that they need, and gives early memory out of a static array.
// test_embed.py builds it in a folder where nothing else of this repository is. It ends with
// Linux's exit system call in place of a halt, so that it can be tried as a program: status 0 when
// all went as promised.
#include "kmem/fba.h"
#include "kmem/fba_account.h"
#include "kmem/fba_inline.h"

static _Alignas(4096) unsigned char early_memory[16384];
static struct fba early = FBA_INIT_ZEROED(early_memory);

struct task {
    uint64_t id;
    struct task *next;
};

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
_Noreturn void _start(void);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    for (size_t i = 0; i < size; i++)
        target[i] = source[i];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *target = to;

    for (size_t i = 0; i < size; i++)
        target[i] = (unsigned char)value;
    return to;
}

static _Noreturn void stop(int status)
{
    for (;;)
        __asm__ volatile("syscall" : : "a"(60L), "D"((long)status) : "rcx", "r11", "memory");
}

// What a kernel does before it prints a report and stops.
static void out_of_memory(struct fba *fba, void *context)
{
    *(size_t *)context = fba_explain(fba).shortfall;
}

// The boot; 0, or the number of the promise that was broken.
static int boot(void)
{
    size_t shortfall = 0;
    struct task *tasks = NULL;

    fba_set_failure_hook(&early, out_of_memory, &shortfall);
    for (uint64_t id = 0; id < 10; id++) {
        struct task *task = fba_new(&early, struct task);
        if (!task)
            return 1;
        *task = (struct task){.id = id, .next = tasks};
        tasks = task;
    }
    unsigned char *page_table = fba_alloc_zeroed(&early, 4096, 4096);
    if (!page_table || (uintptr_t)page_table % 4096 != 0 || page_table[0] != 0)
        return 2;
    FBA_SCOPE(&early)
    {
        if (!fba_alloc(&early, 4096, 1))
            return 3;
    }
    if (fba_used(&early) != 8192 || fba_peak(&early) != 12288)
        return 4;
    if (fba_alloc(&early, 8193, 1) || shortfall != 1)
        return 5;
    return 0;
}

_Noreturn void _start(void)
{
    stop(boot());
}
