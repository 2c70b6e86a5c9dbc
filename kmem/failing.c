// SPDX-License-Identifier: MIT
// The decorator and the driver of failing.h.
#include "failing.h"

void failing_init(struct failing *failing, struct allocator inner)
{
    *failing = (struct failing){.inner = inner};
}

static bool is_due(const struct failing *failing, size_t number, size_t due)
{
    return due != 0 && (failing->onwards ? number >= due : number == due);
}

static void *failing_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct failing *failing = context;

    failing->allocs++;
    if (is_due(failing, failing->allocs, failing->fail_alloc)) {
        failing->failed = true;
        return NULL;
    }
    void *block = failing->inner.operations->alloc(failing->inner.context, size, align, caller);
    failing->blocks += block != NULL;
    return block;
}

static bool failing_resize(void *context, void *block, size_t old_size, size_t new_size,
                           size_t align, const void *caller)
{
    struct failing *failing = context;

    failing->resizes += new_size > old_size;
    if (new_size > old_size && is_due(failing, failing->resizes, failing->fail_resize)) {
        failing->failed = true;
        return false;
    }
    return failing->inner.operations->resize(failing->inner.context, block, old_size, new_size,
                                             align, caller);
}

static void failing_free_block(void *context, void *block, size_t size, size_t align,
                               const void *caller)
{
    struct failing *failing = context;

    failing->inner.operations->free(failing->inner.context, block, size, align, caller);
    failing->blocks--;
}

static size_t failing_available(void *context, size_t align)
{
    const struct failing *failing = context;

    return allocator_available(&failing->inner, align);
}

struct allocator failing_allocator(struct failing *failing)
{
    static const struct allocator_operations operations = {failing_alloc, failing_resize,
                                                           failing_free_block, failing_available};

    return (struct allocator){&operations, failing};
}

const char *failing_verdict_name(enum failing_verdict verdict)
{
    switch (verdict) {
    case FAILING_OK:
        return "ok";
    case FAILING_BROKEN:
        return "broken";
    case FAILING_SWALLOWED:
        return "swallowed";
    case FAILING_LEAKED:
        return "leaked";
    case FAILING_UNSTEADY:
        return "unsteady";
    default:
        return "unknown";
    }
}

struct driver {
    struct allocator inner;
    bool (*scenario)(struct allocator allocator, void *context);
    void *context;
};

// One run in which request `at` fails, of the kind that `result` says.
static enum failing_verdict run(const struct driver *driver, const struct failing_result *result,
                                bool onwards)
{
    struct failing failing;

    failing_init(&failing, driver->inner);
    failing.onwards = onwards;
    *(result->resize ? &failing.fail_resize : &failing.fail_alloc) = result->at;
    bool succeeded = driver->scenario(failing_allocator(&failing), driver->context);
    if (!failing.failed)
        return FAILING_UNSTEADY;
    if (failing.blocks != 0)
        return FAILING_LEAKED;
    return succeeded ? FAILING_SWALLOWED : FAILING_OK;
}

struct failing_result failing_each(struct allocator inner,
                                   bool (*scenario)(struct allocator allocator, void *context),
                                   void *context)
{
    const struct driver driver = {inner, scenario, context};
    struct failing_result result = {FAILING_OK, false, 0, 0};
    struct failing first;
    struct failing again;

    failing_init(&first, inner);
    failing_init(&again, inner);
    if (!scenario(failing_allocator(&first), context) ||
        !scenario(failing_allocator(&again), context))
        result.verdict = FAILING_BROKEN;
    else if (first.allocs != again.allocs || first.resizes != again.resizes)
        result.verdict = FAILING_UNSTEADY;
    else if (first.blocks != 0)
        result.verdict = FAILING_LEAKED;

    while (result.verdict == FAILING_OK && result.count < first.allocs + first.resizes) {
        result.count++;
        result.resize = result.count > first.allocs;
        result.at = result.resize ? result.count - first.allocs : result.count;
        result.verdict = run(&driver, &result, false);
        if (result.verdict == FAILING_SWALLOWED)
            result.verdict = result.resize ? FAILING_OK : run(&driver, &result, true);
    }
    return result;
}
