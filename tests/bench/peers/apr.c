// SPDX-License-Identifier: MIT
// The Apache Portable Runtime's pools as a peer of the bench, in the two ways in which a server
// uses them for a request: one pool that is cleared behind each, or a subpool for each. Pools take
// chunks of 8 KiB from malloc and keep them; their one alignment is 8.
#include "tests/bench/peer.h"

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include <stdlib.h>

// The pool from which blocks come: the innermost open subpool.
struct pools {
    apr_pool_t *current;
};

static apr_pool_t *root;

static void *open_pools(void)
{
    static struct pools pools;

    if (!root && (apr_initialize() != APR_SUCCESS || apr_pool_create(&root, NULL) != APR_SUCCESS))
        abort();
    apr_pool_clear(root);
    pools.current = root;
    return &pools;
}

static void *alloc(const struct pools *pools, size_t size, size_t align)
{
    (void)align;
    return apr_palloc(pools->current, size);
}

static void *alloc_zeroed(const struct pools *pools, size_t size, size_t align)
{
    (void)align;
    return apr_pcalloc(pools->current, size);
}

static void mark_nothing(struct pools *pools, void *savepoint)
{
    (void)pools;
    (void)savepoint;
}

static void clear(struct pools *pools, void *savepoint)
{
    (void)savepoint;
    apr_pool_clear(pools->current);
}

static void open_subpool(struct pools *pools, apr_pool_t **savepoint)
{
    *savepoint = pools->current;
    if (apr_pool_create(&pools->current, *savepoint) != APR_SUCCESS)
        abort();
}

static void destroy_subpool(struct pools *pools, apr_pool_t *const *savepoint)
{
    apr_pool_destroy(pools->current);
    pools->current = *savepoint;
}

static void *open_list(const struct pools *pools, size_t index)
{
    (void)index;
    return apr_array_make(pools->current, 1, sizeof(uint64_t));
}

static void push(apr_array_header_t *list, const uint64_t *number)
{
    APR_ARRAY_PUSH(list, uint64_t) = *number;
}

static const uint64_t *items(const apr_array_header_t *list)
{
    return (const uint64_t *)list->elts;
}

const struct bench_form bench_forms[] = {
    {
        .peer = "apr pool, cleared",
        .form = "called",
        .fixed_align = 1,
        .unlimited = 1,
        .flat_savepoints = 1,
        .open = (bench_function)open_pools,
        .alloc = (bench_function)alloc,
        .alloc_zeroed = (bench_function)alloc_zeroed,
        .mark = (bench_function)mark_nothing,
        .rewind = (bench_function)clear,
        .list = (bench_function)open_list,
        .push = (bench_function)push,
        .items = (bench_function)items,
    },
    {
        .peer = "apr subpools",
        .form = "called",
        .fixed_align = 1,
        .unlimited = 1,
        .open = (bench_function)open_pools,
        .alloc = (bench_function)alloc,
        .mark = (bench_function)open_subpool,
        .rewind = (bench_function)destroy_subpool,
    },
    {.peer = NULL},
};
