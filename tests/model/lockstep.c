// SPDX-License-Identifier: MIT
// The differential test of lockstep.h.
#include "tests/model/lockstep.h"

#include "kmem/fba_inline.h"

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
    [OPERATION_SPLIT_TAIL] = "split tail size",
    [OPERATION_SWITCH] = "switch to the other part",
    [OPERATION_REBASE] = "rebase address",
    [OPERATION_HANDOVER] = "handover address",
    [OPERATION_SEAL] = "seal granule",
    [OPERATION_ALLOC_INLINE] = "inline alloc size, align",
    [OPERATION_FREE_INLINE] = "inline free address, size",
    [OPERATION_RESIZE_INLINE] = "inline resize address, old, new",
};

// Any address will do: it is only handed through.
#define CALLER ((const void *)names)

void lockstep_print_operation(const struct operation *operation)
{
    fprintf(stderr, "  %s: %#zx, %#zx, %#zx, %#zx\n", names[operation->kind], operation->a,
            operation->b, operation->c, operation->d);
}

void lockstep_print_difference(const struct difference *difference)
{
    fprintf(stderr, "%s: the fba says %#llx, the model %#llx\n", difference->what, difference->real,
            difference->expected);
}

static void count_call(struct fba *fba, void *context)
{
    struct lockstep_part *part = context;

    // The record must be complete before the hook sees it.
    if (fba->failure.count == part->model.failure.count + 1)
        part->hook_calls++;
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

// The edges of an allocator that is not open are equal: it has no room even for zero bytes.
static uintptr_t lower_edge_of(const struct model_failure *failure)
{
    return failure->state == FBA_STATE_NOT_READY ? 0 : (uintptr_t)(failure->next - 1);
}

static uintptr_t upper_edge_of(const struct model_failure *failure)
{
    return failure->state == FBA_STATE_OPEN ? (uintptr_t)failure->top : lower_edge_of(failure);
}

static bool same_explanation(const struct lockstep_part *part, struct difference *difference)
{
    struct fba_explanation real = fba_explain(&part->fba);
    struct fba_explanation expected = model_explain(&part->model);

    return same(difference, "the reason", real.reason, expected.reason) &&
           same(difference, "available at the failure", real.available, expected.available) &&
           same(difference, "the shortfall", real.shortfall, expected.shortfall);
}

static bool same_failure(const struct lockstep_part *part, struct difference *difference)
{
    const struct fba_failure *real = &part->fba.failure;
    const struct model_failure *expected = &part->model.failure;

    if (!same(difference, "failure.count", real->count, expected->count) ||
        !same(difference, "calls of the hook", part->hook_calls, expected->count))
        return false;
    // A caller's own address is compared where the caller was told.
    return expected->count == 0 ||
           (same(difference, "failure.size", real->size, expected->size) &&
            same(difference, "failure.align", real->align, expected->align) &&
            same(difference, "failure.request", real->request, expected->request) &&
            same(difference, "failure.lower", real->lower, lower_edge_of(expected)) &&
            same(difference, "failure.upper", real->upper, upper_edge_of(expected)) &&
            (!expected->caller || same(difference, "failure.caller", (uintptr_t)real->caller,
                                       (uintptr_t)expected->caller)));
}

static bool same_figures(const struct lockstep_part *part, struct difference *difference)
{
    static const size_t aligns[] = {0, 1, 2, 3, 4, 8, 16, 64, 4096, SIZE_MAX / 2 + 1, SIZE_MAX};
    const struct fba *fba = &part->fba;
    const struct model *model = &part->model;

    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++)
        if (!same(difference, "available", fba_available(fba, aligns[i]),
                  model_available(model, aligns[i])))
            return false;
    return same(difference, "state", fba->state, model->state) &&
           same(difference, "capacity", fba_capacity(fba), model_capacity(model)) &&
           same(difference, "used", fba_used(fba), model_used(model)) &&
           same(difference, "scratch used", fba_scratch_used(fba), model_scratch_used(model)) &&
           same(difference, "peak", fba_peak(fba), model_peak(model));
}

// All addresses of a small buffer and one on either side; the edges of a large one.
static bool same_owners(const struct lockstep_part *part, struct difference *difference)
{
    uintptr_t base = (uintptr_t)part->model.base;
    size_t capacity = model_capacity(&part->model);
    size_t step = capacity <= 16 ? 1 : capacity / 16;
    const size_t sizes[] = {0, 1, 3, capacity, SIZE_MAX};

    for (size_t offset = 0; offset <= capacity + 2 * step; offset += step) {
        uintptr_t address = base + offset - step;
        if (!same(difference, "owns", fba_owns(&part->fba, (void *)address),
                  model_owns_range(&part->model, address, 1)))
            return false;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            if (!same(difference, "owns range",
                      fba_owns_range(&part->fba, (void *)address, sizes[i]),
                      model_owns_range(&part->model, address, sizes[i])))
                return false;
    }
    return true;
}

// The edge may retreat from anywhere below `fast_free_limit` without a word: its watermark and the
// least distance of the edges must know of the farthest such place already.
static bool keeps_fast_free_promise(const struct fba *fba, struct difference *difference)
{
    uintptr_t farthest = fba->fast_free_limit - 1;

    if (fba->fast_free_limit == 0)
        return true;
    if (fba->lower.watermark < farthest)
        return same(difference, "watermark of a fast free", fba->lower.watermark, farthest);
    if (fba->upper.edge - farthest < fba->least_gap)
        return same(difference, "least gap of a fast free", fba->least_gap,
                    fba->upper.edge - farthest);
    return same(difference, "fast frees of an allocator that is not open",
                fba->state == FBA_STATE_OPEN, true);
}

static bool same_bytes(const struct lockstep *lockstep, struct difference *difference)
{
    for (size_t i = 0; i < lockstep->memory_size; i++)
        if (!same(difference, "a byte of the buffer", lockstep->memory[i], lockstep->shadow[i]))
            return false;
    return true;
}

static bool compare_part(const struct lockstep_part *part, struct difference *difference)
{
    const char *contradiction = model_contradiction(&part->model);

    return same(difference, contradiction, contradiction != NULL, 0) &&
           same_figures(part, difference) && same_owners(part, difference) &&
           keeps_fast_free_promise(&part->fba, difference);
}

bool lockstep_compare(const struct lockstep *lockstep, struct difference *difference)
{
    return compare_part(&lockstep->parts[lockstep->current], difference);
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

// After the fba of a part was opened or adopted, or failed to be.
static void begin_life(struct lockstep_part *part)
{
    memset(part->marks, 0, sizeof part->marks);
    part->hook_calls = 0;
    fba_set_failure_hook(&part->fba, count_call, part);
}

void lockstep_not_ready(struct lockstep *lockstep)
{
    memset(lockstep, 0, sizeof *lockstep);
    for (size_t i = 0; i < 2; i++)
        begin_life(&lockstep->parts[i]);
}

bool lockstep_open(struct lockstep *lockstep, uintptr_t base, size_t size, unsigned char *memory,
                   bool zeroed, struct difference *difference)
{
    struct lockstep_part *part = &lockstep->parts[0];

    lockstep_not_ready(lockstep);
    if (memory) {
        lockstep->memory = memory;
        lockstep->memory_size = size;
        memset(memory, zeroed ? 0 : 0xee, size);
        memset(lockstep->shadow, zeroed ? 0 : 0xee, size);
    }
    enum fba_status real = zeroed ? fba_init_zeroed(&part->fba, (void *)base, size)
                                  : fba_init(&part->fba, (void *)base, size);
    enum fba_status expected = model_init(&part->model, base, size, zeroed);
    begin_life(part);
    return same(difference, "init", real, expected) && compare_part(part, difference);
}

bool lockstep_adopt(struct lockstep *lockstep, uintptr_t base, const struct fba_numbers *numbers,
                    struct difference *difference)
{
    struct lockstep_part *part = &lockstep->parts[lockstep->current];
    enum fba_status real = fba_adopt(&part->fba, (void *)base, numbers);
    enum fba_status expected = model_adopt(&part->model, base, numbers);

    begin_life(part);
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

bool lockstep_can(const struct lockstep *lockstep, const struct operation *operation)
{
    const struct model *model = lockstep_model(lockstep);
    size_t a = operation->a;

    if (model->block_count == MODEL_BLOCKS)
        return operation->kind == OPERATION_RESET || operation->kind == OPERATION_SEAL;
    switch (operation->kind) {
    case OPERATION_ZEROED:
    case OPERATION_ARRAY_ZEROED:
        return lockstep->memory;
    case OPERATION_REALLOC:
        return lockstep->memory && (a == 0 || is_live(model, a, operation->b));
    case OPERATION_MARK:
    case OPERATION_SCRATCH_MARK:
        return a < MODEL_MARKS && model->marks[a].life != MODEL_MARK_OPEN;
    case OPERATION_SWITCH:
        return lockstep->parts[!lockstep->current].model.state != FBA_STATE_NOT_READY;
    case OPERATION_REBASE:
    case OPERATION_HANDOVER:
        return !lockstep->memory || a == (uintptr_t)model->base;
    default:
        return true;
    }
}

// A value that no byte of the buffer has, so that a stray write shows.
static unsigned char unused_value(const struct lockstep *lockstep)
{
    bool used[256] = {false};
    unsigned char value = 1;

    for (size_t i = 0; i < lockstep->memory_size; i++)
        used[lockstep->shadow[i]] = true;
    while (used[value])
        value++;
    return value;
}

// A new block holds what its owner writes there.
static void fill(struct lockstep *lockstep, uintptr_t block, size_t from, size_t size)
{
    if (!lockstep->memory || block == 0 || from >= size)
        return;
    size_t offset = block - (uintptr_t)lockstep->memory;
    unsigned char value = unused_value(lockstep);
    memset(lockstep->memory + offset + from, value, size - from);
    memset(lockstep->shadow + offset + from, value, size - from);
}

// A zeroed block must have been cleared before its owner writes there.
static bool is_cleared(struct lockstep *lockstep, uintptr_t block, size_t size,
                       struct difference *difference)
{
    if (block == 0)
        return true;
    memset(lockstep->shadow + (block - (uintptr_t)lockstep->memory), 0, size);
    return same_bytes(lockstep, difference);
}

static void *alloc(struct fba *fba, const struct operation *op)
{
    switch (op->kind) {
    case OPERATION_ALLOC:
        return fba_alloc_by(fba, op->a, op->b, CALLER);
    case OPERATION_ALLOC_INLINE:
        return fba_alloc_inline(fba, op->a, op->b);
    case OPERATION_ZEROED:
        return fba_alloc_zeroed(fba, op->a, op->b);
    case OPERATION_ARRAY:
        return fba_alloc_array(fba, op->a, op->c, op->b);
    case OPERATION_ARRAY_ZEROED:
        return fba_alloc_array_zeroed(fba, op->a, op->c, op->b);
    default:
        return fba_scratch_alloc_by(fba, op->a, op->b, CALLER);
    }
}

static uintptr_t expected_block(struct model *model, const struct operation *op)
{
    switch (op->kind) {
    case OPERATION_ALLOC:
        return model_alloc(model, FBA_REQUEST_ALLOC, op->a, op->b, CALLER);
    case OPERATION_ALLOC_INLINE:
        return model_alloc(model, FBA_REQUEST_ALLOC, op->a, op->b, NULL);
    case OPERATION_ZEROED:
        return model_alloc(model, FBA_REQUEST_ZEROED, op->a, op->b, NULL);
    case OPERATION_ARRAY:
        return model_alloc_array(model, FBA_REQUEST_ALLOC, op->a, op->c, op->b, NULL);
    case OPERATION_ARRAY_ZEROED:
        return model_alloc_array(model, FBA_REQUEST_ZEROED, op->a, op->c, op->b, NULL);
    default:
        return model_alloc(model, FBA_REQUEST_SCRATCH, op->a, op->b, CALLER);
    }
}

static bool step_alloc(struct lockstep *lockstep, struct lockstep_part *part,
                       const struct operation *op, struct difference *difference)
{
    bool array = op->kind == OPERATION_ARRAY || op->kind == OPERATION_ARRAY_ZEROED;
    bool zeroed = op->kind == OPERATION_ZEROED || op->kind == OPERATION_ARRAY_ZEROED;
    size_t size = array ? op->a * op->c : op->a;
    void *real = alloc(&part->fba, op);
    uintptr_t expected = expected_block(&part->model, op);

    if (!same(difference, "the block's address", (uintptr_t)real, expected) ||
        (zeroed && !is_cleared(lockstep, expected, size, difference)))
        return false;
    fill(lockstep, expected, 0, size);
    return true;
}

static bool step_resize(struct lockstep *lockstep, struct lockstep_part *part,
                        const struct operation *op, struct difference *difference)
{
    enum fba_status expected = model_resize(&part->model, op->a, op->b, op->c);
    struct fba *fba = &part->fba;
    void *block = (void *)op->a;

    if (op->kind == OPERATION_REMAP) {
        if (!same(difference, "remap", (uintptr_t)fba_remap(fba, block, op->b, op->c),
                  expected == FBA_OK ? op->a : 0))
            return false;
    } else {
        enum fba_status real = op->kind == OPERATION_RESIZE
                                   ? fba_resize(fba, block, op->b, op->c)
                                   : fba_resize_inline(fba, block, op->b, op->c);
        if (!same(difference, "resize", real, expected))
            return false;
    }
    if (expected == FBA_OK)
        fill(lockstep, op->a, op->b, op->c);
    return true;
}

static bool step_realloc(struct lockstep *lockstep, struct lockstep_part *part,
                         const struct operation *op, struct difference *difference)
{
    size_t kept = op->a == 0 ? 0 : op->b < op->c ? op->b : op->c;
    unsigned char content[LOCKSTEP_MEMORY];
    uintptr_t start = (uintptr_t)lockstep->memory;

    if (kept > 0)
        memcpy(content, lockstep->shadow + (op->a - start), kept);
    void *real = fba_realloc(&part->fba, (void *)op->a, op->b, op->c, op->d);
    uintptr_t expected = model_realloc(&part->model, op->a, op->b, op->c, op->d, NULL);
    if (!same(difference, "realloc", (uintptr_t)real, expected))
        return false;
    if (expected != 0 && kept > 0)
        memcpy(lockstep->shadow + (expected - start), content, kept);
    if (!same_bytes(lockstep, difference))
        return false;
    fill(lockstep, expected, kept, op->c);
    return true;
}

static bool step_split_tail(struct lockstep *lockstep, struct lockstep_part *part, size_t size,
                            struct difference *difference)
{
    struct lockstep_part *tail = &lockstep->parts[!lockstep->current];
    enum fba_status real = fba_split_tail(&part->fba, size, &tail->fba);
    enum fba_status expected = model_split_tail(&part->model, size, &tail->model);

    begin_life(tail);
    return same(difference, "split tail", real, expected) && compare_part(tail, difference);
}

static bool step_handover(struct lockstep *lockstep, struct lockstep_part *part, uintptr_t base,
                          struct difference *difference)
{
    struct fba_numbers real = {1, 2, 3, 4, 5};
    struct fba_numbers expected = real;
    enum fba_status status = fba_export(&part->fba, &real);

    if (!same(difference, "export", status, model_export(&part->model, &expected)))
        return false;
    // What is known to be zero must be so; where nothing is, any numbers that say so will do.
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
    return lockstep_adopt(lockstep, base, &real, difference);
}

static bool step_seal(struct lockstep_part *part, size_t granule, struct difference *difference)
{
    struct fba_ranges real = {{1, 2}, {3, 4}, {5, 6}};
    struct fba_ranges expected = real;

    return same(difference, "seal", fba_seal(&part->fba, granule, &real),
                model_seal(&part->model, granule, &expected)) &&
           same(difference, "permanent.start", real.permanent.start, expected.permanent.start) &&
           same(difference, "permanent.end", real.permanent.end, expected.permanent.end) &&
           same(difference, "free.start", real.free.start, expected.free.start) &&
           same(difference, "free.end", real.free.end, expected.free.end) &&
           same(difference, "rest.start", real.rest.start, expected.rest.start) &&
           same(difference, "rest.end", real.rest.end, expected.rest.end);
}

static bool step_free(struct lockstep_part *part, const struct operation *op,
                      struct difference *difference)
{
    struct fba *fba = &part->fba;
    struct model *model = &part->model;
    void *block = (void *)op->a;

    switch (op->kind) {
    case OPERATION_FREE:
        return same(difference, "free", fba_free(fba, block, op->b),
                    model_free(model, op->a, op->b));
    case OPERATION_FREE_INLINE:
        return same(difference, "inline free", fba_free_inline(fba, block, op->b),
                    model_free(model, op->a, op->b));
    default:
        return same(difference, "scratch free", fba_scratch_free(fba, block, op->b),
                    model_scratch_free(model, op->a, op->b));
    }
}

// Marks of odd numbers are opened and rewound by what is compiled in.
static bool step_mark(struct lockstep_part *part, const struct operation *op,
                      struct difference *difference)
{
    static struct fba stranger;
    struct fba_mark foreign = {.end = &stranger.lower, .depth = 1};
    struct fba_mark *mark = op->a < MODEL_MARKS ? &part->marks[op->a] : &foreign;
    struct fba *fba = &part->fba;
    struct model *model = &part->model;
    bool compiled_in = op->a % 2 != 0;

    switch (op->kind) {
    case OPERATION_MARK:
        return same(difference, "mark",
                    compiled_in ? fba_mark_inline(fba, mark) : fba_mark(fba, mark),
                    model_mark(model, op->a, false));
    case OPERATION_SCRATCH_MARK:
        return same(difference, "scratch mark", fba_scratch_mark(fba, mark),
                    model_mark(model, op->a, true));
    case OPERATION_REWIND:
        return same(difference, "rewind",
                    compiled_in ? fba_rewind_inline(fba, mark) : fba_rewind(fba, mark),
                    model_rewind(model, op->a));
    default:
        return same(difference, "keep", fba_keep(fba, mark), model_keep(model, op->a));
    }
}

static bool carry_out(struct lockstep *lockstep, struct lockstep_part *part,
                      const struct operation *op, struct difference *difference)
{
    switch (op->kind) {
    case OPERATION_ALLOC:
    case OPERATION_ALLOC_INLINE:
    case OPERATION_ZEROED:
    case OPERATION_ARRAY:
    case OPERATION_ARRAY_ZEROED:
    case OPERATION_SCRATCH_ALLOC:
        return step_alloc(lockstep, part, op, difference);
    case OPERATION_FREE:
    case OPERATION_FREE_INLINE:
    case OPERATION_SCRATCH_FREE:
        return step_free(part, op, difference);
    case OPERATION_RESIZE:
    case OPERATION_RESIZE_INLINE:
    case OPERATION_REMAP:
        return step_resize(lockstep, part, op, difference);
    case OPERATION_REALLOC:
        return step_realloc(lockstep, part, op, difference);
    case OPERATION_MARK:
    case OPERATION_SCRATCH_MARK:
    case OPERATION_REWIND:
    case OPERATION_KEEP:
        return step_mark(part, op, difference);
    case OPERATION_RESET:
        return same(difference, "reset", fba_reset(&part->fba), model_reset(&part->model));
    case OPERATION_SPLIT_TAIL:
        return step_split_tail(lockstep, part, op->a, difference);
    case OPERATION_SWITCH:
        lockstep->current = !lockstep->current;
        return true;
    case OPERATION_REBASE:
        return same(difference, "rebase", fba_rebase(&part->fba, (void *)op->a),
                    model_rebase(&part->model, op->a));
    case OPERATION_HANDOVER:
        return step_handover(lockstep, part, op->a, difference);
    default:
        return step_seal(part, op->a, difference);
    }
}

bool lockstep_step(struct lockstep *lockstep, const struct operation *operation,
                   struct difference *difference)
{
    struct lockstep_part *part = &lockstep->parts[lockstep->current];

    return carry_out(lockstep, part, operation, difference) && same_failure(part, difference) &&
           same_explanation(part, difference) && same_bytes(lockstep, difference);
}

// ── States ─────────────────────────────────────────────────────────────────────────────────────

static bool is_part_as_before(const struct lockstep_part *part, const struct lockstep_part *before)
{
    return memcmp(&part->fba, &before->fba, offsetof(struct fba, failure)) == 0 &&
           memcmp(&part->model, &before->model, offsetof(struct model, failure)) == 0 &&
           memcmp(part->marks, before->marks, sizeof part->marks) == 0;
}

bool lockstep_is_as_before(const struct lockstep *lockstep, const struct lockstep *before)
{
    return lockstep->current == before->current &&
           is_part_as_before(&lockstep->parts[0], &before->parts[0]) &&
           is_part_as_before(&lockstep->parts[1], &before->parts[1]) &&
           memcmp(lockstep->shadow, before->shadow, sizeof lockstep->shadow) == 0;
}

void lockstep_forget_failure(struct lockstep *lockstep, const struct lockstep *before)
{
    struct lockstep_part *part = &lockstep->parts[lockstep->current];
    const struct lockstep_part *part_before = &before->parts[lockstep->current];

    part->fba.failure = part_before->fba.failure;
    part->model.failure = part_before->model.failure;
    part->hook_calls = part_before->hook_calls;
}

static void mix(struct lockstep_hash *hash, uint64_t value)
{
    hash->a = (hash->a ^ value) * 0x9e3779b97f4a7c15u;
    hash->a ^= hash->a >> 29;
    hash->b = (hash->b + value) * 0xc2b2ae3d27d4eb4fu;
    hash->b ^= hash->b >> 31;
}

static void mix_end(struct lockstep_hash *hash, const struct fba_end *end)
{
    mix(hash, end->edge);
    mix(hash, end->bound);
    mix(hash, end->watermark);
    mix(hash, end->depth);
}

static void mix_part(struct lockstep_hash *hash, const struct lockstep_part *part)
{
    const struct fba *f = &part->fba;
    const struct model *m = &part->model;
    const uint64_t words[] = {
        f->base,
        f->end,
        f->adopted,
        f->fast_free_limit,
        f->least_gap,
        f->reset_depth,
        f->state,
        m->zero_known,
        (uint64_t)m->peak,
        (uint64_t)m->touched_low,
        (uint64_t)m->touched_top,
        m->block_count,
        m->open_count[0],
        m->open_count[1],
    };

    mix_end(hash, &f->lower);
    mix_end(hash, &f->upper);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        mix(hash, words[i]);
    for (size_t i = 0; i < m->block_count; i++) {
        mix(hash, m->blocks[i].start);
        mix(hash, m->blocks[i].size * 2 + m->blocks[i].scratch);
    }
    for (size_t i = 0; i < MODEL_MARKS; i++) {
        if (m->marks[i].life == MODEL_MARK_NEVER)
            continue;
        mix(hash, i * 16 + (uint64_t)m->marks[i].life * 2 + m->marks[i].scratch);
        mix(hash, part->marks[i].depth);
        mix(hash, part->marks[i].outer_bound);
        mix(hash, (uint64_t)m->marks[i].free_at);
    }
    for (size_t end = 0; end < 2; end++)
        for (size_t i = 0; i < m->open_count[end]; i++)
            mix(hash, m->open[end][i]);
}

struct lockstep_hash lockstep_hash(const struct lockstep *lockstep)
{
    struct lockstep_hash hash = {1, 2};

    mix_part(&hash, &lockstep->parts[lockstep->current]);
    if (lockstep->parts[!lockstep->current].model.state != FBA_STATE_NOT_READY)
        mix_part(&hash, &lockstep->parts[!lockstep->current]);
    for (size_t i = 0; i < lockstep->memory_size; i += sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, lockstep->shadow + i, sizeof eight); // the shadow is longer than any buffer
        mix(&hash, eight);
    }
    return hash;
}
