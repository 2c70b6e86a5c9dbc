// SPDX-License-Identifier: MIT
// What boot/early_heap.h promises: a heap that one program opened and exported goes on in the next,
// the first failure is reported once, and the size that would have been enough is exact.
#include "arch/x86_64/string.h"
#include "boot/early_heap.h"
#include "tests/boot/suites.h"
#include "kmem/fba_account.h"
#include "kmem/free_lists.h"
#include "kmem/redzone.h"

#define PAGE UINT64_C(4096)
#define MIB (UINT64_C(1) << 20)
#define USED 0x1000
#define PHYSICAL UINT64_C(0x40000000)

static _Alignas(4096) unsigned char region[4 * 4096];
static _Alignas(4096) unsigned char substitute[8 * 4096];
static struct handoff handoff;
static struct early_heap heap;
static char said[4096];
static struct writer_buffer buffer;
static struct writer writer;

static struct early_heap_memory memory_of(void *start, uint64_t size)
{
    return (struct early_heap_memory){
        .buffer = start,
        .physical = physical(PHYSICAL),
        .size = size,
        .is_substitute = start == substitute,
    };
}

static struct early_heap_output output(void)
{
    writer = writer_to_buffer(&buffer, said, sizeof said);
    return (struct early_heap_output){.writer = &writer, .prefix = "test: "};
}

static enum fba_status open(void *start, uint64_t size)
{
    const struct early_heap_memory memory = memory_of(start, size);

    return early_heap_open(&heap, &memory, output());
}

static enum fba_status adopt(void *start, uint64_t size)
{
    const struct early_heap_memory memory = memory_of(start, size);

    handoff = (struct handoff){
        .region_virtual = (uintptr_t)region,
        .heap = {.size = sizeof region, .used = USED, .peak = USED + 0x100, .high = USED},
        .heap_requested = USED - 96,
    };
    return early_heap_adopt(&heap, &memory, &handoff, output());
}

static bool was_said(const char *words)
{
    for (const char *at = said; *at != '\0'; at++) {
        size_t i = 0;
        while (words[i] != '\0' && at[i] == words[i])
            i++;
        if (words[i] == '\0')
            return true;
    }
    return false;
}

static void it_opens_empty(struct suite_run *run)
{
    CHECK_STATUS(run, open(region, sizeof region), FBA_OK);
    CHECK_EQUAL(run, fba_used(&heap.fba), 0);
    CHECK_EQUAL(run, fba_capacity(&heap.fba), sizeof region);
    CHECK(run, heap.failure.reason == REPORT_NONE);
    CHECK_ADDRESS(run, allocator_alloc(&heap.allocator, 64, 16), region);
    CHECK_EQUAL(run, early_heap_offset(&heap, allocator_alloc(&heap.allocator, 8, 8)), 64);
}

static void it_goes_on_where_the_loader_stopped(struct suite_run *run)
{
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    CHECK_EQUAL(run, fba_used(&heap.fba), USED);
    CHECK_EQUAL(run, fba_capacity(&heap.fba), sizeof region);
    CHECK(run, heap.failure.reason == REPORT_NONE);
    CHECK_ADDRESS(run, allocator_alloc(&heap.allocator, 64, 16), region + USED);
    CHECK_STATUS(run, fba_free(&heap.fba, region + USED - 16, 16), FBA_PROTECTED);
}

static void what_one_exports_the_next_adopts(struct suite_run *run)
{
    const struct early_heap_memory memory = memory_of(region, sizeof region);

    CHECK_STATUS(run, open(region, sizeof region), FBA_OK);
    CHECK(run, allocator_alloc(&heap.allocator, 10, 1));
    CHECK_ADDRESS(run, allocator_alloc(&heap.allocator, 100, 64), region + 64);
    handoff = (struct handoff){.region_virtual = (uintptr_t)region};
    CHECK_STATUS(run, early_heap_export(&heap, &handoff), FBA_OK);
    CHECK_EQUAL(run, handoff.heap.used, 164);
    CHECK_EQUAL(run, handoff.heap_requested, 110);
    CHECK_STATUS(run, early_heap_adopt(&heap, &memory, &handoff, output()), FBA_OK);
    CHECK_ADDRESS(run, allocator_alloc(&heap.allocator, 1, 1), region + 164);
    CHECK_STATUS(run, early_heap_export(&heap, &handoff), FBA_OK);
    CHECK_EQUAL(run, handoff.heap_requested, 111);
}

// The loader's allocator may have counted on zeros in a region that it never cleared.
static void memory_is_not_taken_for_zero(struct suite_run *run)
{
    memset(region, 0xa5, sizeof region);
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    unsigned char *block = fba_alloc_zeroed(&heap.fba, 256, 1);
    CHECK_BYTES(run, block, 256, 0);
}

static void page_tables_are_zeroed_pages(struct suite_run *run)
{
    physical_t table;

    memset(region, 0xa5, sizeof region);
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    CHECK(run, allocator_alloc(&heap.allocator, 1, 1));
    CHECK(run, early_heap_new_table(&heap, &table));
    CHECK_EQUAL(run, table.value, PHYSICAL + 2 * PAGE);
    CHECK_BYTES(run, region + 2 * PAGE, PAGE, 0);
    CHECK(run, early_heap_new_table(&heap, &table));
    CHECK_EQUAL(run, table.value, PHYSICAL + 3 * PAGE);
    CHECK(run, !early_heap_new_table(&heap, &table));
    CHECK(run, heap.failure.reason == REPORT_EXHAUSTED);
}

static void allocations_are_written_down(struct suite_run *run)
{
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    heap.ledger.tag = "stacks";
    CHECK(run, allocator_alloc(&heap.allocator, 100, 1));
    early_heap_report(&heap);
    CHECK(run, was_said("stacks"));
    CHECK(run, was_said("test:   buffer: early heap"));
    CHECK(run, !was_said("substitute"));
}

static void the_first_failure_is_reported_once(struct suite_run *run)
{
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    CHECK(run, !allocator_alloc(&heap.allocator, sizeof region, 1));
    CHECK(run, heap.failure.reason == REPORT_TOO_LARGE);
    CHECK(run, was_said("test: early heap: 16384 bytes for a block: too large\n"));
    size_t length = buffer.length;
    CHECK(run, !allocator_alloc(&heap.allocator, sizeof region, 1));
    CHECK(run, !allocator_alloc(&heap.allocator, SIZE_MAX, 1));
    CHECK_EQUAL(run, buffer.length, length);
    CHECK(run, allocator_alloc(&heap.allocator, 8, 8));

    early_heap_report_failure(&heap.output, &heap.failure, "make run EARLY_HEAP=20K");
    CHECK(run, was_said("test: report {\"reason\":\"too large\",\"name\":\"early heap\""));
    CHECK(run, was_said("\"setting\":\"make run EARLY_HEAP=20K\"}\n"));
    CHECK(run, was_said("test: out of memory: early heap\n"));
    CHECK(run, was_said("reason: too large: never more than 12288 bytes at this alignment:\n"
                        "test:     of 16384 bytes 4096 stay for good\n"));
    CHECK(run, was_said("test:   to type: make run EARLY_HEAP=20K\n"));
}

static void every_call_is_told_when_asked_for(struct suite_run *run)
{
    const struct early_heap_memory memory = memory_of(region, sizeof region);
    struct early_heap_output with_ledger = output();

    with_ledger.ledger = true;
    CHECK_STATUS(run, early_heap_open(&heap, &memory, with_ledger), FBA_OK);
    CHECK(run, was_said("test: ledger 0 o 4000 "));
    heap.ledger.tag = "stacks";
    CHECK(run, allocator_alloc(&heap.allocator, 100, 1));
    CHECK(run, was_said("ledger 1 t stacks *") && was_said("ledger 2 a 0 64 1 "));
    CHECK(run, fba_alloc(&heap.fba, 28, 1));
    early_heap_note(&heap, 28);
    CHECK(run, was_said("ledger 3 s 1c 80 *"));
    CHECK(run, heap.ledger.requested == 128 && heap.entries[1].size == 28);
    early_heap_close_journal(&heap);
    CHECK(run, was_said("ledger 4 e 80 80 *"));
    size_t length = buffer.length;
    CHECK(run, allocator_alloc(&heap.allocator, 100, 1));
    early_heap_note(&heap, 0);
    early_heap_close_journal(&heap);
    CHECK_EQUAL(run, buffer.length, length);
}

static void an_injected_failure_is_not_reported(struct suite_run *run)
{
    CHECK_STATUS(run, adopt(region, sizeof region), FBA_OK);
    heap.failing.fail_alloc = 2;
    CHECK(run, allocator_alloc(&heap.allocator, 8, 8));
    CHECK(run, !allocator_alloc(&heap.allocator, 8, 8));
    CHECK(run, heap.failing.failed && heap.failure.reason == REPORT_NONE);
    CHECK_TEXT(run, said, "");
}

static void a_substitute_is_told_apart(struct suite_run *run)
{
    CHECK_STATUS(run, adopt(substitute, sizeof substitute), FBA_OK);
    CHECK_EQUAL(run, fba_capacity(&heap.fba), sizeof substitute);
    CHECK_EQUAL(run, fba_used(&heap.fba), USED);
    CHECK(run, allocator_alloc(&heap.allocator, sizeof region, 1));
    CHECK(run, !allocator_alloc(&heap.allocator, sizeof substitute, 1));
    CHECK(run, was_said("substitute for the early heap"));
}

static void memory_that_cannot_hold_the_heap_is_an_error(struct suite_run *run)
{
    CHECK_STATUS(run, open(NULL, sizeof region), FBA_BAD_BUFFER);
    CHECK_STATUS(run, adopt(region, USED - 1), FBA_BAD_NUMBERS);
    CHECK_STATUS(run, adopt(NULL, sizeof region), FBA_BAD_BUFFER);
}

// How many tables a mapping of whole pages takes, counted one table at a time.
static uint64_t count_tables(uint64_t start, uint64_t size)
{
    uint64_t count = 0;

    for (unsigned shift = 21; shift <= 39; shift += 9)
        for (uint64_t at = start >> shift; at <= (start + size - 1) >> shift; at++)
            count++;
    return count;
}

// A boot that takes `others` bytes besides the tables that map the region: what it takes of a
// region of `size`, and the smallest region that holds that.
static uint64_t peak_with(uint64_t region_start, uint64_t others, uint64_t size)
{
    return others + count_tables(region_start, size) * PAGE;
}

static uint64_t smallest(uint64_t region_start, uint64_t others)
{
    uint64_t size = PAGE;

    while (peak_with(region_start, others, size) > size)
        size += PAGE;
    return size;
}

static void the_size_that_is_needed_is_exact(struct suite_run *run)
{
    static const uint64_t starts[] = {
        0xffffffff80000000, 0xffffffff8010e000, 0xffffffff801ff000,
        0xffffffffbfe00000, 0xffffffffbffff000, 0xffffffff90003000,
    };
    static const uint64_t sizes[] = {PAGE, 64 * 1024, 2 * MIB, 2 * MIB + PAGE, 7 * MIB, 64 * MIB};
    uint64_t random = 6;

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            for (size_t k = 0; k < 4; k++) {
                uint64_t others = suite_random(&random) % (k == 0 ? 3 * PAGE : 5 * MIB);
                others = k == 1 ? others & ~(PAGE - 1) : others;
                handoff = (struct handoff){.region_virtual = starts[i], .heap.size = sizes[j]};
                uint64_t peak = peak_with(starts[i], others, sizes[j]);
                CHECK_EQUAL(run, early_heap_needed(&handoff, peak), smallest(starts[i], others));
            }
        }
    }
}

static void further_decorators_outlive_the_journal(struct suite_run *run)
{
    const struct early_heap_memory memory = memory_of(region, sizeof region);
    struct early_heap_output with_journal = output();
    static struct free_lists lists;
    struct redzone redzone;

    with_journal.ledger = true;
    CHECK_STATUS(run, early_heap_open(&heap, &memory, with_journal), FBA_OK);
    free_lists_init(&lists, &heap.fba);
    heap.failing.inner = free_lists_allocator(&lists);
    redzone_init(&redzone, heap.allocator);
    heap.allocator = redzone_allocator(&redzone);
    void *first = allocator_alloc(&heap.allocator, 64, 16);
    CHECK(run, first && allocator_alloc(&heap.allocator, 64, 16));
    early_heap_close_journal(&heap);
    size_t length = buffer.length;
    allocator_free(&heap.allocator, first, 64, 16);
    CHECK(run, lists.waiting != 0);
    CHECK_ADDRESS(run, allocator_alloc(&heap.allocator, 64, 16), first);
    allocator_free(&heap.allocator, first, 60, 16);
    CHECK_EQUAL(run, redzone.faults, 1);
    CHECK_EQUAL(run, heap.ledger.foreign, 0);
    CHECK_EQUAL(run, buffer.length, length); // nothing was written down any more
}

static const struct suite_case cases[] = {
    SUITE_CASE(it_opens_empty),
    SUITE_CASE(it_goes_on_where_the_loader_stopped),
    SUITE_CASE(what_one_exports_the_next_adopts),
    SUITE_CASE(memory_is_not_taken_for_zero),
    SUITE_CASE(page_tables_are_zeroed_pages),
    SUITE_CASE(allocations_are_written_down),
    SUITE_CASE(the_first_failure_is_reported_once),
    SUITE_CASE(every_call_is_told_when_asked_for),
    SUITE_CASE(further_decorators_outlive_the_journal),
    SUITE_CASE(an_injected_failure_is_not_reported),
    SUITE_CASE(a_substitute_is_told_apart),
    SUITE_CASE(memory_that_cannot_hold_the_heap_is_an_error),
    SUITE_CASE(the_size_that_is_needed_is_exact),
};
const struct suite early_heap_suite = SUITE("early_heap", cases);
