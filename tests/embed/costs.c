// SPDX-License-Identifier: MIT
// What each piece of kmem/ costs in state and in instructions, a line a figure, for costs.py, which
// makes the table of kmem/README.md of it. Each operation is counted the second time, when memory
// is warm and the allocator has seen the operation before.
#include "kmem/array_list.h"
#include "kmem/failing.h"
#include "kmem/fallback.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"
#include "kmem/fba_shared.h"
#include "kmem/free_lists.h"
#include "kmem/ledger.h"
#include "kmem/limit.h"
#include "kmem/poison.h"
#include "kmem/reclaim.h"
#include "kmem/redzone.h"
#include "kmem/region.h"
#include "kmem/report.h"
#include "tests/bench/step.h"

#include <stdio.h>

#define ENTRIES 16
#define SIZE 64
#define ALIGN 8

static _Alignas(4096) unsigned char memory[1 << 20];
static struct fba fba;

static uintptr_t count(const char *piece, const char *what, step_function function, uintptr_t a,
                       uintptr_t b, uintptr_t c, uintptr_t d)
{
    uintptr_t result;
    size_t instructions = step_call(function, &result, a, b, c, d, 0);

    if (piece)
        printf("%s|instructions|%s %zu\n", piece, what, instructions);
    return result;
}

#define COUNT(piece, what, function, a, b, c, d)                                                   \
    count(piece, what, (step_function)(function), (uintptr_t)(a), (uintptr_t)(b), (uintptr_t)(c),  \
          (uintptr_t)(d))

static void *new_inline(struct fba *in)
{
    return fba_alloc_inline(in, 24, 8);
}

static void count_core(void)
{
    struct fba_mark mark;

    COUNT("fba", "alloc", fba_alloc, &fba, SIZE, ALIGN, 0);
    COUNT("fba", "fba_new", new_inline, &fba, 0, 0, 0);
    COUNT("fba", "4096 zeroed, fresh", fba_alloc_zeroed, &fba, 4096, ALIGN, 0);
    uintptr_t block = COUNT(NULL, "", fba_alloc, &fba, SIZE, ALIGN, 0);
    COUNT("fba", "grow last", fba_resize, &fba, block, SIZE, 2 * SIZE);
    COUNT("fba", "shrink last", fba_resize, &fba, block, 2 * SIZE, SIZE);
    fba_free(&fba, (void *)block, SIZE);
    block = COUNT(NULL, "", fba_alloc, &fba, SIZE, ALIGN, 0);
    COUNT("fba", "free last", fba_free, &fba, block, SIZE, 0);
    COUNT("fba", "free, not last", fba_free, &fba, memory, SIZE, 0);
    COUNT("fba", "alloc fails", fba_alloc, &fba, 2 * sizeof memory, ALIGN, 0);
    COUNT("fba", "scratch alloc", fba_scratch_alloc, &fba, SIZE, ALIGN, 0);
    COUNT("fba", "scratch free", fba_scratch_free, &fba, fba.upper.edge, SIZE, 0);
    COUNT("fba", "mark", fba_mark, &fba, &mark, 0, 0);
    COUNT("fba", "rewind", fba_rewind, &fba, &mark, 0, 0);
}

static void count_shared(void)
{
    struct fba_shared shared;

    fba_shared_begin(&shared, &fba);
    COUNT("fba_shared", "alloc", fba_shared_alloc, &shared, SIZE, ALIGN, 0);
    uintptr_t block = COUNT(NULL, "", fba_shared_alloc, &shared, SIZE, ALIGN, 0);
    COUNT("fba_shared", "free last", fba_shared_free, &shared, block, SIZE, 0);
    fba_shared_end(&shared, &fba);
}

// Allocation and free of the last block through the interface.
static void count_through(const char *piece, struct allocator allocator)
{
    uintptr_t block = COUNT(NULL, "", allocator_alloc, &allocator, SIZE, ALIGN, 0);

    COUNT(NULL, "", allocator_free, &allocator, block, SIZE, ALIGN);
    block = COUNT(piece, "alloc", allocator_alloc, &allocator, SIZE, ALIGN, 0);
    COUNT(piece, "free last", allocator_free, &allocator, block, SIZE, ALIGN);
}

static bool push(struct array_list *list, const uint64_t *item)
{
    return array_list_push(uint64_t, list, *item);
}

static void count_array_list(struct allocator allocator)
{
    struct array_list list = array_list_of(uint64_t, allocator);
    uint64_t item = 1;

    array_list_append(&list, &item);
    COUNT("array_list", "append", array_list_append, &list, &item, 0, 0);
    COUNT("array_list", "push", push, &list, &item, 0, 0);
    array_list_free(&list);
}

// In the middle of a map of some entries.
static void count_region(void)
{
    static struct region ranges[ENTRIES + 2];
    struct region_map map;
    struct region_request request = {.size = 4096, .align = 4096, .limit = UINT64_MAX};
    uint64_t start;

    region_init(&map, ranges, sizeof ranges / sizeof ranges[0]);
    for (uint64_t i = 0; i < ENTRIES; i++)
        region_add(&map, i * 0x100000, 0x10000, REGION_USABLE);
    request.lowest = map.entries[ENTRIES / 2].start;
    COUNT("region", "add", region_add, &map, request.lowest, 0x1000, REGION_RESERVED);
    COUNT("region", "take", region_take, &map, &request, &start, 0);
}

static void print_state(const char *piece, const char *of, size_t size)
{
    printf("%s|state|%zu%s\n", piece, size, of);
}

// What red zones add to the last block of an fba, at the worst size.
static size_t redzone_overhead(void)
{
    struct redzone redzone;
    size_t most = 0;

    redzone_init(&redzone, fba_allocator(&fba));
    struct allocator allocator = redzone_allocator(&redzone);
    for (size_t size = 1; size <= SIZE; size++) {
        size_t before = fba_used(&fba);
        (void)allocator_alloc(&allocator, size, 1);
        size_t added = fba_used(&fba) - before - size;
        most = added > most ? added : most;
    }
    return most;
}

int main(void)
{
    static struct ledger ledger;
    static struct ledger_entry entries[ENTRIES];
    static struct reclaim reclaim;
    static struct reclaim_record records[ENTRIES];
    static struct free_lists lists;
    static struct limit limit;
    static struct failing failing;
    static struct redzone redzone;
    static struct poison poison;
    static struct fallback fallback;

    step_open();
    fba_init_zeroed(&fba, memory, sizeof memory);
    count_core();
    count_shared();

    struct allocator inner = fba_allocator(&fba);
    ledger_init(&ledger, inner, entries, ENTRIES);
    reclaim_init(&reclaim, &fba, records, ENTRIES);
    free_lists_init(&lists, &fba);
    limit_init(&limit, inner, sizeof memory);
    failing_init(&failing, inner);
    redzone_init(&redzone, inner);
    fallback = (struct fallback){.first = &fba, .second = inner};
    count_through("fba_allocator", inner);
    count_through("ledger", ledger_allocator(&ledger));
    count_through("free_lists", free_lists_allocator(&lists));
    count_through("limit", limit_allocator(&limit));
    count_through("fallback", fallback_allocator(&fallback));
    count_through("failing", failing_allocator(&failing));
    count_through("reclaim", reclaim_allocator(&reclaim));
    count_through("redzone", redzone_allocator(&redzone));
    poison_init(&poison, &fba);
    count_through("poison", poison_allocator(&poison));
    count_array_list(inner);
    count_region();

    print_state("fba", "", sizeof(struct fba));
    print_state("fba", " a mark", sizeof(struct fba_mark));
    print_state("allocator", "", sizeof(struct allocator));
    print_state("array_list", "", sizeof(struct array_list));
    print_state("ledger", "", sizeof ledger);
    print_state("ledger", " an entry", sizeof entries[0]);
    print_state("free_lists", "", sizeof lists);
    print_state("limit", "", sizeof limit);
    print_state("fallback", "", sizeof fallback);
    print_state("failing", "", sizeof failing);
    print_state("reclaim", "", sizeof reclaim);
    print_state("reclaim", " a record", sizeof records[0]);
    print_state("redzone", "", sizeof redzone);
    print_state("redzone", " a block, at most", redzone_overhead());
    print_state("region", "", sizeof(struct region_map));
    print_state("region", " an entry", sizeof(struct region));
    print_state("poison", "", sizeof poison);
    return 0;
}
