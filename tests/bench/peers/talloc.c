// SPDX-License-Identifier: MIT
// Samba's talloc as a peer of the bench, over a pool of the buffer's size. Each block is the child
// of a context and carries a header; a request's blocks are the children of a context of its own,
// and are freed with it. When the pool is full, malloc is asked.
#include "tests/bench/peer.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

// The context whose children blocks are: the innermost open one.
struct contexts {
    void *current;
};

static void *open_pool(void)
{
    static void *pool;
    static struct contexts contexts;

    if (!pool)
        pool = talloc_pool(NULL, BENCH_BUFFER);
    if (!pool)
        abort();
    talloc_free_children(pool);
    contexts.current = pool;
    return &contexts;
}

static void *alloc(const struct contexts *contexts, size_t size, size_t align)
{
    (void)align;
    return talloc_size(contexts->current, size);
}

static void *alloc_zeroed(const struct contexts *contexts, size_t size, size_t align)
{
    (void)align;
    return talloc_zero_size(contexts->current, size);
}

static void free_block(const struct contexts *contexts, void *block, size_t size, size_t align)
{
    (void)contexts;
    (void)size;
    (void)align;
    talloc_free(block);
}

static void open_context(struct contexts *contexts, void **savepoint)
{
    *savepoint = contexts->current;
    contexts->current = talloc_new(*savepoint);
}

static void free_context(struct contexts *contexts, void *const *savepoint)
{
    talloc_free(contexts->current);
    contexts->current = *savepoint;
}

struct list {
    uint64_t *items;
    size_t count, capacity;
    void *context;
};

static void *open_list(const struct contexts *contexts, size_t index)
{
    static struct list lists[BENCH_LISTS];

    lists[index] = (struct list){NULL, 0, 0, contexts->current};
    return &lists[index];
}

static void push(struct list *list, const uint64_t *number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 4;
        list->items =
            talloc_realloc_size(list->context, list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = *number;
}

static const uint64_t *items(const struct list *list)
{
    return list->items;
}

const struct bench_form bench_forms[] = {
    {
        .peer = "talloc pool",
        .form = "called",
        .fixed_align = 1,
        .unlimited = 1,
        .open = (bench_function)open_pool,
        .alloc = (bench_function)alloc,
        .alloc_zeroed = (bench_function)alloc_zeroed,
        .free = (bench_function)free_block,
        .mark = (bench_function)open_context,
        .rewind = (bench_function)free_context,
        .list = (bench_function)open_list,
        .push = (bench_function)push,
        .items = (bench_function)items,
    },
    {.peer = NULL},
};
