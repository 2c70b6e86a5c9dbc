// SPDX-License-Identifier: MIT
// General-purpose allocators as peers of the bench, for reference: glibc's, or mimalloc when
// BENCH_MIMALLOC is defined. They reuse blocks, which a bump does not, and have no fixed buffer.
#define _GNU_SOURCE
#include "tests/bench/peer.h"

#include <stdlib.h>

#ifdef BENCH_MIMALLOC
#include <mimalloc.h>
#define PEER "mimalloc"
#define ALLOC(size) mi_malloc(size)
#define ALLOC_ALIGNED(size, align) mi_malloc_aligned((size), (align))
#define ALLOC_ZEROED(size) mi_zalloc(size)
#define REALLOC(block, size) mi_realloc((block), (size))
#define FREE(block) mi_free(block)
#else
#define PEER "glibc malloc"
#define ALLOC(size) malloc(size)
#define ALLOC_ALIGNED(size, align) aligned_alloc((align), (size))
#define ALLOC_ZEROED(size) calloc(1, (size))
#define REALLOC(block, size) realloc((block), (size))
#define FREE(block) free(block)
#endif

static void *open_heap(void)
{
    static char nothing;

    return &nothing;
}

static void *alloc(void *state, size_t size, size_t align)
{
    (void)state;
    return align <= _Alignof(max_align_t) ? ALLOC(size) : ALLOC_ALIGNED(size, align);
}

static void *alloc_zeroed(void *state, size_t size, size_t align)
{
    (void)state;
    (void)align;
    return ALLOC_ZEROED(size);
}

static void free_block(void *state, void *block, size_t size, size_t align)
{
    (void)state;
    (void)size;
    (void)align;
    FREE(block);
}

// As a program in C grows one.
struct list {
    uint64_t *items;
    size_t count, capacity;
};

static void *open_list(void *state, size_t index)
{
    static struct list lists[BENCH_LISTS];

    (void)state;
    FREE(lists[index].items);
    lists[index] = (struct list){NULL, 0, 0};
    return &lists[index];
}

static void push(struct list *list, const uint64_t *number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 4;
        list->items = REALLOC(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = *number;
}

static const uint64_t *items(const struct list *list)
{
    return list->items;
}

const struct bench_form bench_forms[] = {
    {
        .peer = PEER,
        .form = "called",
        .frees_each = 1,
        .unlimited = 1,
        .open = (bench_function)open_heap,
        .alloc = (bench_function)alloc,
        .alloc_zeroed = (bench_function)alloc_zeroed,
        .free = (bench_function)free_block,
        .list = (bench_function)open_list,
        .push = (bench_function)push,
        .items = (bench_function)items,
    },
    {.peer = NULL},
};
