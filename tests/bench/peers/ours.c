// SPDX-License-Identifier: MIT
// The fixed-buffer allocator of this repository as a peer of the bench, compiled by gcc and by
// clang. Its instruction counts are also those that tests/bench/counts holds us to.
#include "kmem/array_list.h"
#include "kmem/fba.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_inline.h"
#include "kmem/fba_shared.h"
#include "kmem/ledger.h"

#define ALLOC(state, size) fba_alloc_inline((state), (size), BENCH_PATTERN_ALIGN)
#define ALLOC_SIXTEEN(state) fba_alloc_inline((state), BENCH_SIZE, BENCH_ALIGN)
#define FREE(state, block, size) fba_free_inline((state), (block), (size))
#define SAVEPOINT struct fba_mark
#define MARK(state, savepoint) fba_mark_inline((state), &(savepoint))
#define REWIND(state, savepoint) fba_rewind_inline((state), &(savepoint))
#include "tests/bench/peers/inline_patterns.h"

#include <string.h>

#ifdef __clang__
#define PEER "ours, clang"
#else
#define PEER "ours, gcc"
#endif

static _Alignas(4096) unsigned char memory[BENCH_BUFFER];
static struct fba fba;
static struct fba_shared shared;
static struct allocator allocator;
static struct ledger ledger;
static struct ledger_entry entries[256];

// ── States ──────────────────────────────────────────────────────────────────────────────────────

static void *open_fba(void)
{
    fba_init(&fba, memory, sizeof memory);
    return &fba;
}

static void *open_fresh(void)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    return &fba;
}

static void *open_shared(void)
{
    open_fba();
    fba_shared_begin(&shared, &fba);
    return &shared;
}

static void *open_fresh_shared(void)
{
    open_fresh();
    fba_shared_begin(&shared, &fba);
    return &shared;
}

static void *open_shared_interface(void)
{
    open_shared();
    allocator = fba_shared_allocator(&shared);
    return &allocator;
}

static void *open_interface(void)
{
    open_fba();
    allocator = fba_allocator(&fba);
    return &allocator;
}

static void *open_ledger(void)
{
    open_fba();
    ledger_init(&ledger, fba_allocator(&fba), entries, sizeof entries / sizeof entries[0]);
    allocator = ledger_allocator(&ledger);
    return &allocator;
}

static void *open_list(void *state, size_t index)
{
    static struct array_list lists[BENCH_LISTS];

    lists[index] = array_list_of(uint64_t, *(const struct allocator *)state);
    return &lists[index];
}

static void *open_list_on_fba(void *state, size_t index)
{
    allocator = fba_allocator(state);
    return open_list(&allocator, index);
}

static const uint64_t *items(const struct array_list *list)
{
    return list->items;
}

// The type of the items is known, as it is to the peers.
static bool push(struct array_list *list, const uint64_t *number)
{
    return array_list_push(uint64_t, list, *number);
}

// ── Compiled in ─────────────────────────────────────────────────────────────────────────────────

// What an inlined operation comes to when it is fails, which none does.
static __attribute__((cold, noinline)) void give_up(void)
{
    __builtin_trap();
}

static void *alloc_in(void *state)
{
    return fba_alloc_inline(state, BENCH_SIZE, BENCH_ALIGN);
}

static void alloc_in_loop(void *state, size_t count)
{
    while (count-- > 0)
        escape(fba_alloc_inline(state, BENCH_SIZE, BENCH_ALIGN));
}

static FBA_INLINE enum fba_status pair(void *state)
{
    void *block = fba_alloc_inline(state, BENCH_SIZE, BENCH_ALIGN);

    escape(block);
    return fba_free_inline(state, block, BENCH_SIZE);
}

static enum fba_status pair_in(void *state)
{
    return pair(state);
}

static void pair_in_loop(void *state, size_t count)
{
    while (count-- > 0)
        pair(state);
}

static void resize_in(void *state, void *block)
{
    if (fba_resize_inline(state, block, BENCH_SIZE, 2 * BENCH_SIZE) != FBA_OK)
        give_up();
}

static void resize_in_loop(void *state, void *block, size_t count)
{
    size_t size = BENCH_SIZE;

    for (; count > 0; count--, size += BENCH_SIZE) {
        if (fba_resize_inline(state, block, size, size + BENCH_SIZE) != FBA_OK)
            give_up();
        escape(block);
    }
}

// ── The table ───────────────────────────────────────────────────────────────────────────────────

#define F(function) ((bench_function)(function))

const struct bench_form bench_forms[] = {
    {
        .peer = PEER,
        .form = "inlined",
        .open = F(open_fba),
        .inline_alloc = F(alloc_in),
        .inline_alloc_loop = F(alloc_in_loop),
        .inline_pair = F(pair_in),
        .inline_pair_loop = F(pair_in_loop),
        .inline_resize = F(resize_in),
        .inline_resize_loop = F(resize_in_loop),
        .inline_deep_loop = F(deep_loop),
        .inline_frame_loop = F(frame_loop),
        .inline_temporary_loop = F(temporary_loop),
        .inline_three_loop = F(three_loop),
    },
    {
        .peer = PEER,
        .form = "called",
        .open = F(open_fba),
        .open_fresh = F(open_fresh),
        .alloc = F(fba_alloc),
        .alloc_zeroed = F(fba_alloc_zeroed),
        .free = F(fba_free),
        .resizes_to_zero = 1,
        .resize = F(fba_resize),
        .mark = F(fba_mark),
        .rewind = F(fba_rewind),
        .list = F(open_list_on_fba),
        .push = F(push),
        .items = F(items),
    },
    {
        .peer = PEER,
        .form = "interface",
        .open = F(open_interface),
        .alloc = F(allocator_alloc),
        .free = F(allocator_free),
        .resize = F(allocator_resize),
        .list = F(open_list),
        .push = F(push),
        .items = F(items),
    },
    {
        .peer = PEER,
        .form = "untyped",
        .operations_only = 1,
        .open = F(open_interface),
        .list = F(open_list),
        .push = F(array_list_append),
        .items = F(items),
    },
    {
        .peer = PEER,
        .form = "scratch",
        .open = F(open_fba),
        .alloc = F(fba_scratch_alloc),
        .free = F(fba_scratch_free),
        .mark = F(fba_scratch_mark),
        .rewind = F(fba_rewind),
    },
    {
        .peer = PEER,
        .form = "shared",
        .open = F(open_shared),
        .open_fresh = F(open_fresh_shared),
        .alloc = F(fba_shared_alloc),
        .alloc_zeroed = F(fba_shared_alloc_zeroed),
        .free = F(fba_shared_free),
        .resizes_to_zero = 1,
        .resize = F(fba_shared_resize),
    },
    {
        .peer = PEER,
        .form = "shared interface",
        .open = F(open_shared_interface),
        .alloc = F(allocator_alloc),
        .free = F(allocator_free),
    },
    {
        .peer = PEER,
        .form = "ledger",
        .operations_only = 1,
        .open = F(open_ledger),
        .alloc = F(allocator_alloc),
        .free = F(allocator_free),
        .resize = F(allocator_resize),
        .list = F(open_list),
        .push = F(push),
        .items = F(items),
    },
    {.peer = NULL},
};
