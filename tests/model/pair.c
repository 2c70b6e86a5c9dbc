// SPDX-License-Identifier: MIT
// The side-by-side run of pair.h.
#include "tests/model/pair.h"

#include <stdio.h>
#include <string.h>

static const char *const names[OPERATION_KINDS] = {
    [OPERATION_ALLOC] = "alloc size, align",
    [OPERATION_ZEROED] = "zeroed size, align",
    [OPERATION_ARRAY] = "array count, align, item size",
    [OPERATION_ARRAY_ZEROED] = "zeroed array count, align, item size",
    [OPERATION_FREE] = "free address, size",
    [OPERATION_RESIZE] = "resize address, old, new",
    [OPERATION_REMAP] = "remap address, old, new",
    [OPERATION_REALLOC] = "realloc address, old, new, align",
    [OPERATION_SCRATCH_ALLOC] = "scratch alloc size, align",
    [OPERATION_SCRATCH_FREE] = "scratch free address, size",
    [OPERATION_MARK] = "mark index",
    [OPERATION_SCRATCH_MARK] = "scratch mark index",
    [OPERATION_REWIND] = "rewind index",
    [OPERATION_KEEP] = "keep index",
    [OPERATION_RESET] = "reset",
    [OPERATION_SET_RESERVE] = "set reserve size",
    [OPERATION_RESERVE_ALLOC] = "reserve alloc size, align",
    [OPERATION_REBASE] = "rebase address",
    [OPERATION_HANDOVER] = "handover address",
    [OPERATION_SEAL] = "seal granule",
};

// Any address will do: it is only handed through.
#define CALLER ((const void *)names)

void pair_print_operation(const struct operation *operation)
{
    fprintf(stderr, "  %s: %#zx, %#zx, %#zx, %#zx\n", names[operation->kind], operation->a,
            operation->b, operation->c, operation->d);
}

void pair_print_difference(const struct difference *difference)
{
    fprintf(stderr, "%s: the fba says %#llx, the model %#llx\n", difference->what, difference->real,
            difference->expected);
}

static void count_call(struct fba *fba, void *context)
{
    struct pair *pair = context;

    // The record must be complete before the hook sees it.
    if (fba->failure.count == pair->model.failure.count + 1)
        pair->hook_calls++;
}

// ── Comparing ───────────────────────────────────────────────────────────────────────────────────

static bool same(struct difference *difference, const char *what, unsigned long long real,
                 unsigned long long expected)
{
    if (real == expected)
        return true;
    *difference = (struct difference){what, real, expected};
    return false;
}

static bool same_failure(const struct pair *pair, struct difference *difference)
{
    const struct fba_failure *real = &pair->fba.failure;
    const struct fba_failure *expected = &pair->model.failure;

    // A caller's own address is compared where the caller was told.
    return same(difference, "failure.reason", real->reason, expected->reason) &&
           same(difference, "failure.size", real->size, expected->size) &&
           same(difference, "failure.align", real->align, expected->align) &&
           same(difference, "failure.available", real->available, expected->available) &&
           same(difference, "failure.shortfall", real->shortfall, expected->shortfall) &&
           same(difference, "failure.count", real->count, expected->count) &&
           same(difference, "calls of the hook", pair->hook_calls, expected->count) &&
           (!expected->caller || same(difference, "failure.caller", (uintptr_t)real->caller,
                                      (uintptr_t)expected->caller));
}

static bool same_figures(const struct pair *pair, struct difference *difference)
{
    static const size_t aligns[] = {0, 1, 2, 3, 4, 8, 16, 64, 4096, SIZE_MAX / 2 + 1, SIZE_MAX};
    const struct fba *fba = &pair->fba;
    const struct model *model = &pair->model;

    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++)
        if (!same(difference, "available", fba_available(fba, aligns[i]),
                  model_available(model, aligns[i])))
            return false;
    return same(difference, "state", fba->state, model->state) &&
           same(difference, "capacity", fba_capacity(fba), model_capacity(model)) &&
           same(difference, "used", fba_used(fba), model_used(model)) &&
           same(difference, "scratch used", fba_scratch_used(fba), model_scratch_used(model)) &&
           same(difference, "reserved", fba_reserved(fba), model_reserved(model)) &&
           same(difference, "peak", fba_peak(fba), model_peak(model));
}

// All addresses of a small buffer and one on either side; the edges of a large one.
static bool same_owners(const struct pair *pair, struct difference *difference)
{
    uintptr_t base = (uintptr_t)pair->model.base;
    size_t capacity = model_capacity(&pair->model);
    size_t step = capacity <= 16 ? 1 : capacity / 16;
    const size_t sizes[] = {0, 1, 3, capacity, SIZE_MAX};

    for (size_t offset = 0; offset <= capacity + 2 * step; offset += step) {
        uintptr_t address = base + offset - step;
        if (!same(difference, "owns", fba_owns(&pair->fba, (void *)address),
                  model_owns_range(&pair->model, address, 1)))
            return false;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            if (!same(difference, "owns range",
                      fba_owns_range(&pair->fba, (void *)address, sizes[i]),
                      model_owns_range(&pair->model, address, sizes[i])))
                return false;
    }
    return true;
}

static bool same_bytes(const struct pair *pair, struct difference *difference)
{
    size_t capacity = model_capacity(&pair->model);

    if (pair->memory)
        for (size_t i = 0; i < capacity; i++)
            if (!same(difference, "a byte of the buffer", pair->memory[i], pair->shadow[i]))
                return false;
    return true;
}

bool pair_compare(const struct pair *pair, struct difference *difference)
{
    const char *contradiction = model_contradiction(&pair->model);

    return same(difference, contradiction, contradiction != NULL, 0) &&
           same_figures(pair, difference) && same_owners(pair, difference);
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

void pair_not_ready(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    fba_set_failure_hook(&pair->fba, count_call, pair);
}

bool pair_open(struct pair *pair, uintptr_t base, size_t size, unsigned char *memory, bool zeroed,
               struct difference *difference)
{
    pair_not_ready(pair);
    pair->memory = memory;
    if (memory) {
        memset(memory, zeroed ? 0 : 0xee, size);
        memset(pair->shadow, zeroed ? 0 : 0xee, size);
    }
    enum fba_status real = zeroed ? fba_init_zeroed(&pair->fba, (void *)base, size)
                                  : fba_init(&pair->fba, (void *)base, size);
    enum fba_status expected = model_init(&pair->model, base, size, zeroed);
    fba_set_failure_hook(&pair->fba, count_call, pair);
    return same(difference, "init", real, expected) && pair_compare(pair, difference);
}

bool pair_adopt(struct pair *pair, uintptr_t base, const struct fba_numbers *numbers,
                struct difference *difference)
{
    enum fba_status real = fba_adopt(&pair->fba, (void *)base, numbers);
    enum fba_status expected = model_adopt(&pair->model, base, numbers);

    // The old marks belonged to the life before.
    memset(pair->marks, 0, sizeof pair->marks);
    pair->hook_calls = 0;
    fba_set_failure_hook(&pair->fba, count_call, pair);
    return same(difference, "adopt", real, expected);
}

// ── One operation ───────────────────────────────────────────────────────────────────────────────

static bool is_live(const struct model *model, size_t start, size_t size)
{
    for (size_t i = 0; i < model->block_count; i++)
        if (model->blocks[i].start == start && model->blocks[i].size == size &&
            !model->blocks[i].scratch)
            return true;
    return false;
}

bool pair_can(const struct pair *pair, const struct operation *operation)
{
    const struct model *model = &pair->model;
    size_t a = operation->a;

    if (model->block_count == MODEL_BLOCKS)
        return operation->kind == OPERATION_RESET || operation->kind == OPERATION_SEAL;
    switch (operation->kind) {
    case OPERATION_ZEROED:
    case OPERATION_ARRAY_ZEROED:
        return pair->memory;
    case OPERATION_REALLOC:
        return pair->memory && (a == 0 || is_live(model, a, operation->b));
    case OPERATION_MARK:
    case OPERATION_SCRATCH_MARK:
        return a < MODEL_MARKS && model->marks[a].life != MODEL_MARK_OPEN;
    case OPERATION_REBASE:
    case OPERATION_HANDOVER:
        return !pair->memory || a == (uintptr_t)pair->memory;
    default:
        return true;
    }
}

// A value that no byte of the buffer has, so that a stray write shows.
static unsigned char unused_value(const struct pair *pair)
{
    bool used[256] = {false};
    unsigned char value = 1;

    for (size_t i = 0; i < model_capacity(&pair->model); i++)
        used[pair->shadow[i]] = true;
    while (used[value])
        value++;
    return value;
}

// A new block holds what its owner writes there.
static void fill(struct pair *pair, uintptr_t block, size_t from, size_t size)
{
    if (!pair->memory || block == 0 || from >= size)
        return;
    size_t offset = block - (uintptr_t)pair->model.base;
    unsigned char value = unused_value(pair);
    memset(pair->memory + offset + from, value, size - from);
    memset(pair->shadow + offset + from, value, size - from);
}

// Both must have cleared it before anyone writes there.
static bool is_cleared(struct pair *pair, uintptr_t block, size_t size,
                       struct difference *difference)
{
    if (block == 0)
        return true;
    memset(pair->shadow + (block - (uintptr_t)pair->model.base), 0, size);
    return same_bytes(pair, difference);
}

static bool step_alloc(struct pair *pair, const struct operation *op, struct difference *difference)
{
    struct fba *fba = &pair->fba;
    struct model *model = &pair->model;
    size_t size = op->a;
    void *real = NULL;
    uintptr_t expected = 0;

    switch (op->kind) {
    case OPERATION_ALLOC:
        real = fba_alloc_by(fba, op->a, op->b, CALLER);
        expected = model_alloc(model, op->a, op->b, CALLER);
        break;
    case OPERATION_ZEROED:
        real = fba_alloc_zeroed(fba, op->a, op->b);
        expected = model_alloc(model, op->a, op->b, NULL);
        break;
    case OPERATION_ARRAY:
    case OPERATION_ARRAY_ZEROED:
        real = op->kind == OPERATION_ARRAY ? fba_alloc_array(fba, op->a, op->c, op->b)
                                           : fba_alloc_array_zeroed(fba, op->a, op->c, op->b);
        expected = model_alloc_array(model, op->a, op->c, op->b, NULL);
        size = op->a * op->c;
        break;
    case OPERATION_SCRATCH_ALLOC:
        real = fba_scratch_alloc_by(fba, op->a, op->b, CALLER);
        expected = model_scratch_alloc(model, op->a, op->b, CALLER);
        break;
    default:
        real = fba_reserve_alloc(fba, op->a, op->b);
        expected = model_reserve_alloc(model, op->a, op->b, NULL);
        break;
    }
    if (!same(difference, "the block's address", (uintptr_t)real, expected))
        return false;
    if ((op->kind == OPERATION_ZEROED || op->kind == OPERATION_ARRAY_ZEROED) &&
        !is_cleared(pair, expected, size, difference))
        return false;
    fill(pair, expected, 0, size);
    return true;
}

static bool step_resize(struct pair *pair, const struct operation *op,
                        struct difference *difference)
{
    enum fba_status expected = model_resize(&pair->model, op->a, op->b, op->c);

    if (op->kind == OPERATION_REMAP) {
        void *real = fba_remap(&pair->fba, (void *)op->a, op->b, op->c);
        if (!same(difference, "remap", (uintptr_t)real, expected == FBA_OK ? op->a : 0))
            return false;
    } else {
        enum fba_status real = fba_resize(&pair->fba, (void *)op->a, op->b, op->c);
        if (!same(difference, "resize", real, expected))
            return false;
    }
    if (expected == FBA_OK)
        fill(pair, op->a, op->b, op->c);
    return true;
}

static bool step_realloc(struct pair *pair, const struct operation *op,
                         struct difference *difference)
{
    size_t kept = op->a == 0 ? 0 : op->b < op->c ? op->b : op->c;
    unsigned char content[PAIR_MEMORY];
    uintptr_t base = (uintptr_t)pair->model.base;

    if (kept > 0)
        memcpy(content, pair->shadow + (op->a - base), kept);
    void *real = fba_realloc(&pair->fba, (void *)op->a, op->b, op->c, op->d);
    uintptr_t expected = model_realloc(&pair->model, op->a, op->b, op->c, op->d, NULL);
    if (!same(difference, "realloc", (uintptr_t)real, expected))
        return false;
    if (expected != 0 && kept > 0)
        memcpy(pair->shadow + (expected - base), content, kept);
    if (!same_bytes(pair, difference))
        return false;
    fill(pair, expected, kept, op->c);
    return true;
}

static bool step_handover(struct pair *pair, uintptr_t base, struct difference *difference)
{
    struct fba_numbers real = {1, 2, 3, 4, 5};
    struct fba_numbers expected = real;
    enum fba_status status = fba_export(&pair->fba, &real);

    if (!same(difference, "export", status, model_export(&pair->model, &expected)))
        return false;
    // What is known to be zero must be so; where nothing is, any pair that says so will do.
    if (expected.high >= expected.low && real.high >= real.low) {
        expected.high = real.high;
        expected.low = real.low;
    }
    if (!same(difference, "numbers.size", real.size, expected.size) ||
        !same(difference, "numbers.used", real.used, expected.used) ||
        !same(difference, "numbers.peak", real.peak, expected.peak) ||
        !same(difference, "numbers.high", real.high, expected.high) ||
        !same(difference, "numbers.low", real.low, expected.low))
        return false;
    if (status != FBA_OK)
        return true;
    return pair_adopt(pair, base, &real, difference);
}

static bool step_seal(struct pair *pair, size_t granule, struct difference *difference)
{
    struct fba_ranges real = {{1, 2}, {3, 4}, {5, 6}};
    struct fba_ranges expected = real;

    return same(difference, "seal", fba_seal(&pair->fba, granule, &real),
                model_seal(&pair->model, granule, &expected)) &&
           same(difference, "permanent.start", real.permanent.start, expected.permanent.start) &&
           same(difference, "permanent.end", real.permanent.end, expected.permanent.end) &&
           same(difference, "free.start", real.free.start, expected.free.start) &&
           same(difference, "free.end", real.free.end, expected.free.end) &&
           same(difference, "reserve.start", real.reserve.start, expected.reserve.start) &&
           same(difference, "reserve.end", real.reserve.end, expected.reserve.end);
}

static bool step_other(struct pair *pair, const struct operation *op, struct difference *difference)
{
    static struct fba stranger;
    struct fba_mark foreign = {.owner = &stranger, .serial = 1};
    struct fba_mark *mark = op->a < MODEL_MARKS ? &pair->marks[op->a] : &foreign;
    struct fba *fba = &pair->fba;
    struct model *model = &pair->model;
    void *address = (void *)op->a;

    switch (op->kind) {
    case OPERATION_FREE:
        return same(difference, "free", fba_free(fba, address, op->b),
                    model_free(model, op->a, op->b));
    case OPERATION_SCRATCH_FREE:
        return same(difference, "scratch free", fba_scratch_free(fba, address, op->b),
                    model_scratch_free(model, op->a, op->b));
    case OPERATION_MARK:
        return same(difference, "mark", fba_mark(fba, mark), model_mark(model, op->a, false));
    case OPERATION_SCRATCH_MARK:
        return same(difference, "scratch mark", fba_scratch_mark(fba, mark),
                    model_mark(model, op->a, true));
    case OPERATION_REWIND:
        return same(difference, "rewind", fba_rewind(fba, mark), model_rewind(model, op->a));
    case OPERATION_KEEP:
        return same(difference, "keep", fba_keep(fba, mark), model_keep(model, op->a));
    case OPERATION_RESET:
        return same(difference, "reset", fba_reset(fba), model_reset(model));
    case OPERATION_SET_RESERVE:
        return same(difference, "set reserve", fba_set_reserve(fba, op->a),
                    model_set_reserve(model, op->a));
    case OPERATION_REBASE:
        return same(difference, "rebase", fba_rebase(fba, address), model_rebase(model, op->a));
    case OPERATION_HANDOVER:
        return step_handover(pair, op->a, difference);
    default:
        return step_seal(pair, op->a, difference);
    }
}

bool pair_step(struct pair *pair, const struct operation *operation, struct difference *difference)
{
    bool agreed;

    switch (operation->kind) {
    case OPERATION_ALLOC:
    case OPERATION_ZEROED:
    case OPERATION_ARRAY:
    case OPERATION_ARRAY_ZEROED:
    case OPERATION_SCRATCH_ALLOC:
    case OPERATION_RESERVE_ALLOC:
        agreed = step_alloc(pair, operation, difference);
        break;
    case OPERATION_RESIZE:
    case OPERATION_REMAP:
        agreed = step_resize(pair, operation, difference);
        break;
    case OPERATION_REALLOC:
        agreed = step_realloc(pair, operation, difference);
        break;
    default:
        agreed = step_other(pair, operation, difference);
        break;
    }
    return agreed && same_failure(pair, difference) && same_bytes(pair, difference);
}

// ── States ─────────────────────────────────────────────────────────────────────────────────────

bool pair_is_as_before(const struct pair *pair, const struct pair *before)
{
    return memcmp(&pair->fba, &before->fba, offsetof(struct fba, failure)) == 0 &&
           memcmp(&pair->model, &before->model, offsetof(struct model, failure)) == 0 &&
           memcmp(pair->marks, before->marks, sizeof pair->marks) == 0 &&
           memcmp(pair->shadow, before->shadow, sizeof pair->shadow) == 0;
}

void pair_forget_refusal(struct pair *pair, const struct pair *before)
{
    pair->fba.failure = before->fba.failure;
    pair->model.failure = before->model.failure;
    pair->hook_calls = before->hook_calls;
}

static void mix(struct pair_hash *hash, uint64_t value)
{
    hash->a = (hash->a ^ value) * 0x9e3779b97f4a7c15u;
    hash->a ^= hash->a >> 29;
    hash->b = (hash->b + value) * 0xc2b2ae3d27d4eb4fu;
    hash->b ^= hash->b >> 31;
}

struct pair_hash pair_hash(const struct pair *pair)
{
    const struct fba *f = &pair->fba;
    const struct model *m = &pair->model;
    const uint64_t words[] = {
        f->last,
        f->top,
        f->floor,
        f->settled,
        f->base,
        f->end,
        f->high,
        f->low,
        f->ceiling,
        f->reserve,
        f->adopted,
        f->reserve_last,
        f->state,
        f->peak,
        f->serial,
        f->overtaken,
        f->innermost,
        f->innermost_scratch,
        m->zero_known,
        (uint64_t)m->peak,
        (uint64_t)m->touched_low,
        (uint64_t)m->touched_top,
        m->block_count,
        m->open_count[0],
        m->open_count[1],
    };
    struct pair_hash hash = {1, 2};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        mix(&hash, words[i]);
    for (size_t i = 0; i < m->block_count; i++) {
        mix(&hash, m->blocks[i].start);
        mix(&hash, m->blocks[i].size * 2 + m->blocks[i].scratch);
    }
    for (size_t i = 0; i < MODEL_MARKS; i++) {
        if (m->marks[i].life == MODEL_MARK_NEVER)
            continue;
        mix(&hash, i * 16 + (uint64_t)m->marks[i].life * 2 + m->marks[i].scratch);
        mix(&hash, pair->marks[i].serial);
        mix(&hash, pair->marks[i].outer);
        mix(&hash, pair->marks[i].outer_bound);
        mix(&hash, (uint64_t)m->marks[i].free_at);
    }
    for (size_t end = 0; end < 2; end++)
        for (size_t i = 0; i < m->open_count[end]; i++)
            mix(&hash, m->open[end][i]);
    for (size_t i = 0; pair->memory && i < model_capacity(m); i += sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, pair->shadow + i, sizeof eight); // the shadow is longer than any buffer
        mix(&hash, eight);
    }
    return hash;
}
