// SPDX-License-Identifier: MIT
// The reference model of model.h. Clarity before speed throughout.
#include "tests/model/model.h"

#define ADDRESS_SPACE ((wide)UINTPTR_MAX + 1)
#define LARGEST_SIZE ((wide)SIZE_MAX)

static bool is_alignment(size_t align)
{
    for (size_t power = 1; power != 0; power *= 2)
        if (align == power)
            return true;
    return false;
}

static wide round_up(wide address, size_t align)
{
    return (address + (wide)align - 1) / (wide)align * (wide)align;
}

static wide round_down(wide address, size_t align)
{
    return address / (wide)align * (wide)align;
}

static wide smaller(wide a, wide b)
{
    return a < b ? a : b;
}

static wide larger(wide a, wide b)
{
    return a > b ? a : b;
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

enum fba_status model_init(struct model *model, uintptr_t base, size_t size, bool zeroed)
{
    wide end = (wide)base + (wide)size;

    *model = (struct model){.state = FBA_STATE_NOT_READY};
    if (base == 0 || end > ADDRESS_SPACE - (wide)FBA_ADDRESS_SPACE_GUARD)
        return FBA_BAD_BUFFER;
    model->state = FBA_STATE_OPEN;
    model->base = model->next = model->adopted = model->touched_low = base;
    model->end = model->top = model->touched_top = end;
    model->zero_known = zeroed;
    return FBA_OK;
}

static enum fba_status status_of(enum fba_state state)
{
    if (state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    return state == FBA_STATE_SEALED ? FBA_SEALED : FBA_OK;
}

// ── The list of live blocks ─────────────────────────────────────────────────────────────────────

static struct model_block *find_block(struct model *model, uintptr_t start, size_t size,
                                      bool scratch)
{
    for (size_t i = 0; i < model->block_count; i++) {
        struct model_block *block = &model->blocks[i];
        if (block->start == start && block->size == size && block->scratch == scratch)
            return block;
    }
    return NULL;
}

static void add_block(struct model *model, wide start, size_t size, bool scratch)
{
    if (model->block_count < MODEL_BLOCKS)
        model->blocks[model->block_count++] = (struct model_block){(uintptr_t)start, size, scratch};
}

static void remove_block(struct model *model, const struct model_block *block)
{
    size_t index = (size_t)(block - model->blocks);

    model->block_count--;
    for (; index < model->block_count; index++)
        model->blocks[index] = model->blocks[index + 1];
    model->blocks[model->block_count] = (struct model_block){0};
}

// Every block that is no longer wholly inside the taken part of its end is gone.
static void drop_lost_blocks(struct model *model)
{
    for (size_t i = model->block_count; i-- > 0;) {
        const struct model_block *block = &model->blocks[i];
        wide start = block->start;
        wide end = start + (wide)block->size;
        if (block->scratch ? start < model->top || end > model->end : end > model->next)
            remove_block(model, block);
    }
}

// Called after each change of `next` or `top`.
static void note_extremes(struct model *model)
{
    wide taken = (model->next - model->base) + (model->end - model->top);

    model->peak = larger(model->peak, taken);
    model->touched_low = larger(model->touched_low, model->next);
    model->touched_top = smaller(model->touched_top, model->top);
}

const char *model_contradiction(const struct model *model)
{
    for (size_t i = 0; i < model->block_count; i++) {
        const struct model_block *a = &model->blocks[i];
        wide a_start = a->start;
        wide a_end = a_start + (wide)a->size;
        if (a->scratch ? a_start < model->top || a_end > model->end
                       : a_start < model->base || a_end > model->next)
            return "a live block lies outside the taken part of its end";
        for (size_t j = 0; j < i; j++) {
            const struct model_block *b = &model->blocks[j];
            if (larger(a_start, b->start) < smaller(a_end, (wide)b->start + (wide)b->size))
                return "two live blocks share a byte";
        }
    }
    return NULL;
}

// ── Allocation ──────────────────────────────────────────────────────────────────────────────────

// The lowest address at which a block can begin in a span that begins at `from`.
static wide lowest_start(wide from, size_t align)
{
    return round_up(from, align);
}

static bool fits(wide from, wide to, size_t size, size_t align)
{
    return lowest_start(from, align) + (wide)size <= to;
}

static uintptr_t fail(struct model *model, enum fba_request request, size_t size, size_t align,
                      const void *caller)
{
    model->failure = (struct model_failure){model->failure.count + 1,
                                            size,
                                            align,
                                            caller,
                                            request,
                                            model->state,
                                            model->next,
                                            model->top};
    return 0;
}

uintptr_t model_alloc(struct model *model, enum fba_request request, size_t size, size_t align,
                      const void *caller)
{
    bool scratch = request == FBA_REQUEST_SCRATCH;

    if (model->state != FBA_STATE_OPEN || !is_alignment(align) ||
        !fits(model->next, model->top, size, align))
        return fail(model, request, size, align, caller);
    wide start =
        scratch ? round_down(model->top - (wide)size, align) : lowest_start(model->next, align);
    if (scratch)
        model->top = start;
    else
        model->next = start + (wide)size;
    add_block(model, start, size, scratch);
    note_extremes(model);
    return (uintptr_t)start;
}

uintptr_t model_alloc_array(struct model *model, enum fba_request request, size_t count,
                            size_t size, size_t align, const void *caller)
{
    if (size != 0 && count > SIZE_MAX / size)
        size = SIZE_MAX;
    else
        size = count * size;
    return model_alloc(model, request, size, align, caller);
}

struct fba_explanation model_explain(const struct model *model)
{
    const struct model_failure *failure = &model->failure;
    struct fba_explanation explanation = {FBA_OK, 0, 0};

    if (failure->count == 0)
        return explanation;
    explanation.reason = status_of(failure->state);
    if (explanation.reason == FBA_OK && !is_alignment(failure->align))
        explanation.reason = FBA_BAD_ALIGNMENT;
    if (explanation.reason != FBA_OK)
        return explanation;
    wide start = lowest_start(failure->next, failure->align);
    explanation.reason = fits(model->adopted, model->end, failure->size, failure->align)
                             ? FBA_EXHAUSTED
                             : FBA_TOO_LARGE;
    explanation.available = (size_t)larger(0, failure->top - start);
    explanation.shortfall =
        (size_t)smaller(LARGEST_SIZE, start + (wide)failure->size - failure->top);
    return explanation;
}

// ── Giving back and resizing ────────────────────────────────────────────────────────────────────

static wide lower_bound(const struct model *model)
{
    size_t count = model->open_count[0];

    return count > 0 ? model->marks[model->open[0][count - 1]].free_at : model->adopted;
}

static wide upper_bound(const struct model *model)
{
    size_t count = model->open_count[1];

    return count > 0 ? model->marks[model->open[1][count - 1]].free_at : model->end;
}

static enum fba_status find(const struct model *model, uintptr_t block, size_t size,
                            wide taken_from, wide taken_to)
{
    wide start = block;

    if (model->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (model->state == FBA_STATE_SEALED) {
        if (start < model->base || start >= model->end)
            return FBA_FOREIGN;
        return start < model->stays_below || start >= model->stays_from ? FBA_PERMANENT : FBA_GONE;
    }
    if (start < model->base || start > model->end)
        return FBA_FOREIGN;
    if (start < taken_from || start + (wide)size > taken_to)
        return FBA_BAD_BLOCK;
    return FBA_OK;
}

enum fba_status model_free(struct model *model, uintptr_t block, size_t size)
{
    enum fba_status found = find(model, block, size, model->base, model->next);

    if (block == 0)
        return FBA_OK;
    if (found != FBA_OK)
        return found;
    if ((wide)block < lower_bound(model))
        return FBA_PROTECTED;
    if ((wide)block + (wide)size != model->next)
        return FBA_NOT_LAST;
    // A block without bytes frees no space, so that the list alone knows that it is gone.
    struct model_block *listed = find_block(model, block, size, false);
    if (listed)
        remove_block(model, listed);
    model->next = block;
    drop_lost_blocks(model);
    return FBA_OK;
}

enum fba_status model_scratch_free(struct model *model, uintptr_t block, size_t size)
{
    enum fba_status found = find(model, block, size, model->top, model->end);

    if (block == 0)
        return FBA_OK;
    if (found != FBA_OK)
        return found;
    if ((wide)block + (wide)size > upper_bound(model))
        return FBA_PROTECTED;
    if ((wide)block != model->top)
        return FBA_NOT_LAST;
    struct model_block *listed = find_block(model, block, size, true);
    if (listed)
        remove_block(model, listed);
    model->top = (wide)block + (wide)size;
    drop_lost_blocks(model);
    return FBA_OK;
}

enum fba_status model_resize(struct model *model, uintptr_t block, size_t old_size, size_t new_size)
{
    enum fba_status found = find(model, block, old_size, model->base, model->next);
    bool is_last = (wide)block + (wide)old_size == model->next;
    bool is_protected = (wide)block < lower_bound(model);

    if (block == 0)
        return FBA_FOREIGN;
    if (found != FBA_OK)
        return found;
    if (new_size > old_size) {
        if (is_protected)
            return FBA_PROTECTED;
        if (!is_last)
            return FBA_NOT_LAST;
        if ((wide)block + (wide)new_size > model->top)
            return FBA_EXHAUSTED;
    }
    struct model_block *listed = find_block(model, block, old_size, false);
    if (listed)
        listed->size = new_size;
    if (is_last && !is_protected) {
        model->next = (wide)block + (wide)new_size;
        drop_lost_blocks(model);
        note_extremes(model);
    }
    return FBA_OK;
}

uintptr_t model_realloc(struct model *model, uintptr_t block, size_t old_size, size_t new_size,
                        size_t align, const void *caller)
{
    if (new_size == 0) {
        model_free(model, block, old_size);
        return 0;
    }
    if (is_alignment(align) && block % align == 0 &&
        model_resize(model, block, old_size, new_size) == FBA_OK)
        return block;
    uintptr_t moved = model_alloc(model, FBA_REQUEST_ALLOC, new_size, align, caller);
    if (moved != 0 && block != 0)
        model_free(model, block, old_size);
    return moved;
}

// ── Marks ───────────────────────────────────────────────────────────────────────────────────────

enum fba_status model_mark(struct model *model, size_t index, bool scratch)
{
    enum fba_status status = status_of(model->state);

    model->marks[index] = (struct model_mark){.life = MODEL_MARK_NEVER};
    if (status != FBA_OK)
        return status;
    model->marks[index] = (struct model_mark){
        .life = MODEL_MARK_OPEN, .scratch = scratch, .free_at = scratch ? model->top : model->next};
    model->open[scratch][model->open_count[scratch]++] = index;
    return FBA_OK;
}

static enum fba_status check_mark(const struct model *model, size_t index)
{
    enum fba_status status = status_of(model->state);

    if (status != FBA_OK)
        return status;
    if (index >= MODEL_MARKS || model->marks[index].life == MODEL_MARK_NEVER)
        return FBA_MARK_FOREIGN;
    if (model->marks[index].life == MODEL_MARK_CLOSED)
        return FBA_MARK_CLOSED;
    if (model->marks[index].life == MODEL_MARK_OVERTAKEN)
        return FBA_MARK_OVERTAKEN;
    bool scratch = model->marks[index].scratch;
    if (model->open[scratch][model->open_count[scratch] - 1] != index)
        return FBA_MARK_NOT_INNERMOST;
    return FBA_OK;
}

enum fba_status model_keep(struct model *model, size_t index)
{
    enum fba_status status = check_mark(model, index);

    if (status != FBA_OK)
        return status;
    model->marks[index].life = MODEL_MARK_CLOSED;
    model->open_count[model->marks[index].scratch]--;
    return FBA_OK;
}

enum fba_status model_rewind(struct model *model, size_t index)
{
    enum fba_status status = model_keep(model, index);

    if (status != FBA_OK)
        return status;
    if (model->marks[index].scratch)
        model->top = model->marks[index].free_at;
    else
        model->next = model->marks[index].free_at;
    drop_lost_blocks(model);
    return FBA_OK;
}

enum fba_status model_reset(struct model *model)
{
    enum fba_status status = status_of(model->state);

    if (status != FBA_OK)
        return status;
    model->next = model->adopted;
    model->top = model->end;
    drop_lost_blocks(model);
    for (size_t i = 0; i < MODEL_MARKS; i++)
        if (model->marks[i].life == MODEL_MARK_OPEN)
            model->marks[i].life = MODEL_MARK_OVERTAKEN;
    model->open_count[0] = model->open_count[1] = 0;
    return FBA_OK;
}

// ── Splitting, moving, handing over, sealing
// ──────────────────────────────────────────────────────

enum fba_status model_split_tail(struct model *model, size_t size, struct model *tail)
{
    enum fba_status status = status_of(model->state);
    wide start = model->end - (wide)size;

    *tail = (struct model){.state = FBA_STATE_NOT_READY};
    if (status != FBA_OK)
        return status;
    if (model->top != model->end || model->open_count[1] > 0)
        return FBA_BUSY;
    if (start < model->next)
        return FBA_EXHAUSTED;
    model_init(tail, (uintptr_t)start, size, model->zero_known);
    tail->touched_low = larger(start, model->touched_low);
    tail->touched_top = larger(start, model->touched_top);
    model->touched_low = smaller(start, model->touched_low);
    model->touched_top = smaller(start, model->touched_top);
    model->end = model->top = start;
    model->peak = smaller(model->peak, model->end - model->base);
    drop_lost_blocks(model);
    return FBA_OK;
}

enum fba_status model_rebase(struct model *model, uintptr_t base)
{
    struct model at_new_place;
    wide distance = (wide)base - model->base;

    if (model->state == FBA_STATE_NOT_READY)
        return FBA_NOT_READY;
    if (model->open_count[0] > 0 || model->open_count[1] > 0)
        return FBA_BUSY;
    if (model_init(&at_new_place, base, model_capacity(model), false) != FBA_OK)
        return FBA_BAD_BUFFER;
    wide *const addresses[] = {&model->base,       &model->end,         &model->next,
                               &model->top,        &model->adopted,     &model->stays_below,
                               &model->stays_from, &model->touched_low, &model->touched_top};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        *addresses[i] += distance;
    for (size_t i = 0; i < model->block_count; i++)
        model->blocks[i].start = (uintptr_t)((wide)model->blocks[i].start + distance);
    return FBA_OK;
}

enum fba_status model_export(const struct model *model, struct fba_numbers *numbers)
{
    enum fba_status status = status_of(model->state);

    if (status != FBA_OK)
        return status;
    if (model->open_count[0] > 0 || model->open_count[1] > 0 || model->top != model->end)
        return FBA_BUSY;
    numbers->size = (uint64_t)(model->end - model->base);
    numbers->used = (uint64_t)(model->next - model->base);
    numbers->peak = (uint64_t)model->peak;
    numbers->high =
        model->zero_known ? (uint64_t)(model->touched_low - model->base) : numbers->size;
    numbers->low = model->zero_known ? (uint64_t)(model->touched_top - model->base) : 0;
    return FBA_OK;
}

enum fba_status model_adopt(struct model *model, uintptr_t base, const struct fba_numbers *numbers)
{
    struct fba_numbers n = *numbers;

    *model = (struct model){.state = FBA_STATE_NOT_READY};
    if (n.size > SIZE_MAX)
        return FBA_BAD_BUFFER;
    if (n.used > n.peak || n.used > n.high || n.peak > n.size || n.high > n.size || n.low > n.size)
        return FBA_BAD_NUMBERS;
    if (model_init(model, base, (size_t)n.size, n.high < n.low) != FBA_OK)
        return FBA_BAD_BUFFER;
    model->next = model->adopted = model->base + (wide)n.used;
    model->peak = (wide)n.peak;
    model->touched_low = model->base + (wide)n.high;
    model->touched_top = model->base + (wide)n.low;
    return FBA_OK;
}

enum fba_status model_seal(struct model *model, size_t granule, struct fba_ranges *ranges)
{
    enum fba_status status = status_of(model->state);

    if (status != FBA_OK)
        return status;
    if (!is_alignment(granule))
        return FBA_BAD_ALIGNMENT;
    if (model->open_count[0] > 0 || model->open_count[1] > 0)
        return FBA_BUSY;
    wide free_start = round_up(model->next, granule);
    wide free_end = round_down(model->end, granule);
    if (free_start >= free_end)
        free_start = free_end = model->end;
    model->state = FBA_STATE_SEALED;
    model->stays_below = free_start;
    model->stays_from = free_end;
    model->top = model->end;
    drop_lost_blocks(model);
    ranges->permanent = (struct fba_range){(uintptr_t)model->base, (uintptr_t)free_start};
    ranges->free = (struct fba_range){(uintptr_t)free_start, (uintptr_t)free_end};
    ranges->rest = (struct fba_range){(uintptr_t)free_end, (uintptr_t)model->end};
    return FBA_OK;
}

// ── Questions ───────────────────────────────────────────────────────────────────────────────────

bool model_owns_range(const struct model *model, uintptr_t start, size_t size)
{
    wide from = start;
    wide to = from + (wide)size;

    if (model->state == FBA_STATE_NOT_READY || from < model->base || to > model->end)
        return false;
    if (model->state == FBA_STATE_OPEN || model->stays_below == model->stays_from)
        return true;
    // An address without bytes behind it belongs to the part in which it lies.
    return (from < model->stays_below && to <= model->stays_below) || from >= model->stays_from;
}

size_t model_capacity(const struct model *model)
{
    return (size_t)(model->end - model->base);
}

size_t model_used(const struct model *model)
{
    return (size_t)(model->next - model->base);
}

size_t model_scratch_used(const struct model *model)
{
    return (size_t)(model->end - model->top);
}

size_t model_peak(const struct model *model)
{
    return (size_t)model->peak;
}

size_t model_available(const struct model *model, size_t align)
{
    if (model->state != FBA_STATE_OPEN || !is_alignment(align))
        return 0;
    return (size_t)larger(0, model->top - lowest_start(model->next, align));
}
