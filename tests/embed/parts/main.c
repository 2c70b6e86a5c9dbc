// SPDX-License-Identifier: MIT
// A kernel as small as can be, with kmem/ copied into it: allocates before it has a console, keeps
// the failure that it runs into, prints it once it has one, takes a heap out of the memory that the
// machine has, and runs the suites of kmem/.
#include "tests/embed/parts/kernel.h"

#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"
#include "kmem/probe.h"
#include "kmem/report.h"
#include "tests/suites/suite.h"

#define HEAP_SIZE (64 * (size_t)PAGE)

struct task {
    size_t number;
    struct task *next;
};

// Ready before any code has run. It is zero iff start.S has cleared .bss.
static _Alignas(PAGE) unsigned char early_memory[16 * PAGE];
static struct fba early = FBA_INIT_ZEROED(early_memory);

static const struct report report = {
    .writer = &console, .prefix = "kernel: ", .name = "early heap"};
static const struct report heap_report = {.writer = &console, .prefix = "kernel: ", .name = "heap"};
static struct report_record first_failure;

// Where 32 bits reach it, and above what a PC has use for.
static const struct region_request heap_request = {
    .size = HEAP_SIZE, .align = PAGE, .lowest = 1 << 20, .limit = UINT64_C(1) << 32};

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

static uint64_t count_usable(const struct region_map *map)
{
    struct region range = {0, 0, 0};
    uint64_t sum = 0;

    while (region_next(map, 1, &range))
        sum += range.end - range.start;
    return sum;
}

// What a kernel does next: takes a heap out of the machine's memory, and at its seal gives what is
// left to a page allocator. Returns what went wrong; NULL: nothing.
static const char *start_heap(const void *boot_information)
{
    static struct region entries[256];
    struct region_map map;
    struct fba heap;
    struct fba_ranges ranges;
    uint64_t start;

    region_init(&map, entries, sizeof entries / sizeof entries[0]);
    if (!memory_add(&map, boot_information) || map.lacking != 0)
        return "there is no memory map";
    uint64_t usable = count_usable(&map);
    if (!region_take(&map, &heap_request, &start))
        return "there is no place for a heap";
    if (!memory_claim(start, HEAP_SIZE))
        return "the firmware keeps the place for the heap";
    void *memory = (void *)(uintptr_t)start;
    if (probe_buffer(memory, HEAP_SIZE, false, NULL) != PROBE_OK)
        return "the heap is no memory";
    fba_init_zeroed(&heap, memory, HEAP_SIZE);
    if (!fba_alloc(&heap, HEAP_SIZE / 2 + 1, PAGE))
        return "the heap is too small";
    fba_seal(&heap, PAGE, &ranges);
    report_account(&heap_report, &heap);
    region_set(&map, ranges.free.start, ranges.free.end - ranges.free.start, REGION_USABLE);
    uint64_t left = count_usable(&map);
    if (left != usable - (ranges.free.start - start))
        return "bytes are lost";
    writer_print(&console, "kernel: %zu KiB are left for a page allocator\n", (size_t)(left >> 10));
    return NULL;
}

_Noreturn void trapped(uintptr_t exception, uintptr_t instruction, uintptr_t address)
{
    writer_print(&console, "not ok: exception %zu at 0x%zx, address 0x%zx\n", (size_t)exception,
                 (size_t)instruction, (size_t)address);
    leave(false);
}

_Noreturn void kernel_main(const void *boot_information)
{
    const char *wrong = start_early();

    console_open();
    if (first_failure.reason != REPORT_NONE)
        report_print(&report, &first_failure);
    report_account(&report, &early);
    if (!wrong)
        wrong = start_heap(boot_information);
    if (wrong)
        writer_print(&console, "not ok: %s\n", wrong);
    bool passed = suites_run(&console, NULL) == 0 && !wrong;
    writer_print(&console, "kernel: %s\n", passed ? "all is well" : "something failed");
    leave(passed);
}
