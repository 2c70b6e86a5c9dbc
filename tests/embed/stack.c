// SPDX-License-Identifier: MIT
// Prints how many bytes of stack a failing allocation and each function of report.h take, deepest
// call included: each runs on a stack of its own whose bytes were set before.
#include "kmem/fba_inline.h"
#include "kmem/report.h"

#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#define PAINT 0xa5

static _Alignas(64) unsigned char stack[1 << 16];
static unsigned char memory[4096];
static struct fba early = FBA_INIT_ZEROED(memory);
static struct report_record record;

static void write_nowhere(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
}

static const struct writer nowhere = {write_nowhere, NULL};
static const struct report report = {.writer = &nowhere, .name = "early heap"};

static void nothing(void)
{
}

static void fail(void)
{
    (void)fba_alloc(&early, sizeof memory, 1);
}

static void whole(void)
{
    report_failure(&report, &early);
}

static void keep(void)
{
    report_keep(&record, &report, &early);
}

static void print(void)
{
    report_print(&report, &record);
}

static void account(void)
{
    report_account(&report, &early);
}

static size_t used_by(void (*function)(void))
{
    ucontext_t here, there;
    size_t untouched = 0;

    memset(stack, PAINT, sizeof stack);
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, function, 0);
    swapcontext(&here, &there);
    while (stack[untouched] == PAINT)
        untouched++;
    return sizeof stack - untouched;
}

int main(void)
{
    const struct {
        const char *name;
        void (*function)(void);
    } measured[] = {{"fba_alloc", fail},
                    {"report_failure", whole},
                    {"report_keep", keep},
                    {"report_print", print},
                    {"report_account", account}};
    size_t least = used_by(nothing);

    fba_alloc(&early, 4000, 1);
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++)
        printf("%s %zu\n", measured[i].name, used_by(measured[i].function) - least);
    return 0;
}
