// SPDX-License-Identifier: MIT
// A kernel as small as can be, with kmem/ copied into it: allocates before it has a console, keeps
// the failure that it runs into, prints it once it has one, and then runs the suites of kmem/.
#include "tests/embed/parts/kernel.h"

#include "kmem/fba_inline.h"
#include "kmem/probe.h"
#include "kmem/report.h"
#include "tests/suites/suite.h"

#define PAGE 4096

struct task {
    size_t number;
    struct task *next;
};

// Ready before any code has run. It is zero iff start.S has cleared .bss.
static _Alignas(PAGE) unsigned char early_memory[16 * PAGE];
static struct fba early = FBA_INIT_ZEROED(early_memory);

static const struct report report = {
    .writer = &console, .prefix = "kernel: ", .name = "early heap"};
static struct report_record first_failure;

// The failure hook: there may be no console yet.
static void keep(struct fba *fba, void *record)
{
    report_keep(record, &report, fba);
}

// What a kernel does first. Returns what went wrong; NULL: nothing.
static const char *start_early(void)
{
    struct task *tasks = NULL;
    size_t count = 0;

    enum probe_status memory = probe_buffer(early_memory, sizeof early_memory, true, NULL);
    if (memory != PROBE_OK)
        return probe_meaning(memory);
    fba_set_failure_hook(&early, keep, &first_failure);
    unsigned char *page_table = fba_alloc_zeroed(&early, PAGE, PAGE);
    if (!page_table)
        return "no page table";
    if ((uintptr_t)page_table % PAGE != 0)
        return "the page table is not aligned";
    FBA_SCOPE(&early)
    {
        for (struct task *task; (task = fba_new(&early, struct task)) != NULL; tasks = task)
            *task = (struct task){count++, tasks};
        for (; tasks; tasks = tasks->next)
            if (tasks->number != --count)
                return "a task is not what was written";
    }
    return fba_alloc(&early, 15 * (size_t)PAGE, 1) ? NULL : "the scope gave nothing back";
}

_Noreturn void kernel_main(void)
{
    const char *wrong = start_early();

    console_open();
    report_print(&report, &first_failure);
    report_account(&report, &early);
    if (wrong)
        writer_print(&console, "not ok: %s\n", wrong);
    bool passed = suites_run(&console, NULL) == 0 && !wrong;
    writer_print(&console, "kernel: %s\n", passed ? "all is well" : "something failed");
    leave(passed);
}
