// SPDX-License-Identifier: MIT
// A trace of allocations, replayed on the early heap: `only=trace` on the test kernel's command
// line, and a module with the calls, as tests/harness/heap_trace.py writes them. With `ledger`
// beside it the boot's log has all of them (tests/scenarios/test_replay.py).
#include "boot/cmdline.h"
#include "kmem/fba_account.h"
#include "tests/metal/metal.h"

#define BLOCKS_MAX 16384
#define MARKS_MAX 64

struct block {
    void *start;
    size_t size, align;
};

// Where the calls are read from.
struct trace {
    struct kernel *kernel;
    struct cmdline_word rest;
    size_t calls; // so far
};

static struct block blocks[BLOCKS_MAX]; // by the number that the trace gives
static struct fba_mark marks[MARKS_MAX];
static struct ledger_mark ledger_marks[MARKS_MAX];
static size_t depth;

static _Noreturn void stop(const struct trace *trace, const char *why, enum kernel_verdict verdict)
{
    writer_print(&trace->kernel->console.writer, "trace: call %zu: %s\n", trace->calls, why);
    kernel_end(trace->kernel, verdict);
}

static size_t next_number(struct trace *trace)
{
    struct cmdline_word word;
    uint64_t number;

    if (!cmdline_next(&trace->rest, &word) || !cmdline_number(word, &number))
        stop(trace, "a number is missing", KERNEL_TESTS_FAILED);
    return (size_t)number;
}

static struct block *next_block(struct trace *trace)
{
    size_t number = next_number(trace);

    if (number >= BLOCKS_MAX)
        stop(trace, "there are too many blocks", KERNEL_TESTS_FAILED);
    return &blocks[number];
}

static void allocate(struct trace *trace, struct block *block)
{
    block->size = next_number(trace);
    block->align = next_number(trace);
    block->start = allocator_alloc(&trace->kernel->heap.allocator, block->size, block->align);
    if (!block->start)
        stop(trace, "no memory", KERNEL_OUT_OF_MEMORY);
}

static void resize(struct trace *trace, struct block *block)
{
    size_t size = next_number(trace);

    if (!allocator_resize(&trace->kernel->heap.allocator, block->start, block->size, size,
                          block->align))
        stop(trace, "no memory", KERNEL_OUT_OF_MEMORY);
    block->size = size;
}

static void open_mark(struct trace *trace)
{
    struct early_heap *heap = &trace->kernel->heap;

    if (depth == MARKS_MAX || fba_mark(&heap->fba, &marks[depth]) != FBA_OK)
        stop(trace, "the mark cannot be taken", KERNEL_TESTS_FAILED);
    ledger_mark_open(&heap->ledger, &ledger_marks[depth], heap->fba.base + fba_used(&heap->fba));
    depth++;
    if (heap->journal.writer)
        journal_mark(&heap->journal, fba_used(&heap->fba));
}

static void close_mark(struct trace *trace, bool is_rewind)
{
    struct early_heap *heap = &trace->kernel->heap;

    if (depth == 0 || (is_rewind ? fba_rewind : fba_keep)(&heap->fba, &marks[depth - 1]) != FBA_OK)
        stop(trace, "there is no mark to close", KERNEL_TESTS_FAILED);
    depth--;
    (is_rewind ? ledger_mark_rewind : ledger_mark_keep)(&heap->ledger);
    if (heap->journal.writer)
        (is_rewind ? journal_rewind : journal_keep)(&heap->journal, fba_used(&heap->fba));
}

static void run(struct trace *trace, char kind)
{
    struct block *block;

    switch (kind) {
    case 'a':
        allocate(trace, next_block(trace));
        break;
    case 'r':
        resize(trace, next_block(trace));
        break;
    case 'f':
        block = next_block(trace);
        allocator_free(&trace->kernel->heap.allocator, block->start, block->size, block->align);
        break;
    case 'm':
        open_mark(trace);
        break;
    case 'w':
    case 'k':
        close_mark(trace, kind == 'w');
        break;
    default:
        stop(trace, "it is of no known kind", KERNEL_TESTS_FAILED);
    }
    trace->calls++;
}

void trace_run(struct kernel *kernel)
{
    const struct handoff_module *module = handoff_module(kernel->handoff, 0);
    struct trace trace = {.kernel = kernel};
    struct cmdline_word kind;

    if (module)
        trace.rest = (struct cmdline_word){
            (const char *)(kernel->handoff->direct_map + module->physical), module->size};
    else
        stop(&trace, "there is no module with a trace", KERNEL_TESTS_FAILED);
    kernel->heap.ledger.tag = "trace";
    while (cmdline_next(&trace.rest, &kind))
        run(&trace, kind.text[0]);
    writer_print(&kernel->console.writer, "trace: %zu calls, %zu bytes in use\n", trace.calls,
                 fba_used(&kernel->heap.fba));
}
