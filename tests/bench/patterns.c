// SPDX-License-Identifier: MIT
// Patterns: what programs do with an allocator, request after request. All peers run the same
// compiled loops here, or their own of the same meaning (peer.h has it) where the form is inlined.
// A peer without savepoints frees block by block, the last first; one without a free does so with
// savepoints only.
#include "tests/bench/form_calls.h"
#include "tests/bench/operations.h"

#define NODES 64
#define PUSHES 64 // onto each list

struct savepoint {
    _Alignas(16) unsigned char bytes[BENCH_SAVEPOINT];
};

static const size_t frame_sizes[BENCH_FRAME_BLOCKS] = BENCH_FRAME_SIZES;

// One form's calls, taken out of its table once.
struct calls {
    void *state;
    alloc_function *alloc;
    free_function *free;
    savepoint_function *mark, *rewind;
    size_t align; // of BENCH_PATTERN_ALIGN bytes, in the form's word
};

static struct calls calls_of(const struct bench_form *form, void *state)
{
    static const struct bench_request eight = {0, BENCH_PATTERN_ALIGN, 3};

    return (struct calls){
        .state = state,
        .alloc = (alloc_function *)form->alloc,
        .free = (free_function *)form->free,
        .mark = (savepoint_function *)form->mark,
        .rewind = (savepoint_function *)form->rewind,
        .align = align_for(form, &eight),
    };
}

static uint64_t *take(const struct calls *calls, size_t size)
{
    return calls->alloc(calls->state, size, calls->align);
}

static void give_back(const struct calls *calls, void *block, size_t size)
{
    calls->free(calls->state, block, size, calls->align);
}

// ── Request frames ──────────────────────────────────────────────────────────────────────────────

static void open_frame(const struct calls *calls, struct savepoint *savepoint)
{
    if (calls->mark)
        calls->mark(calls->state, savepoint);
}

static void fill_frame(const struct calls *calls, uint64_t *blocks[], size_t count, uint64_t first)
{
    for (size_t i = 0; i < count; i++) {
        blocks[i] = take(calls, frame_sizes[i]);
        *blocks[i] = first + i;
    }
}

static uint64_t close_frame(const struct calls *calls, struct savepoint *savepoint,
                            uint64_t *blocks[], size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += *blocks[i];
    if (calls->rewind)
        calls->rewind(calls->state, savepoint);
    else
        for (size_t i = count; i-- > 0;)
            give_back(calls, blocks[i], frame_sizes[i]);
    return sum;
}

bool can_frame(const struct bench_form *form)
{
    return form->inline_frame_loop || (form->alloc && (form->free || (form->mark && form->rewind)));
}

uint64_t run_frames(const struct bench_form *form, void *state, size_t count)
{
    const struct calls calls = calls_of(form, state);
    struct savepoint savepoint;
    uint64_t *blocks[BENCH_FRAME_BLOCKS];
    uint64_t sum = 0;

    if (form->inline_frame_loop)
        return ((inline_frame_loop_function *)form->inline_frame_loop)(state, count);
    for (size_t i = 0; i < count; i++) {
        open_frame(&calls, &savepoint);
        fill_frame(&calls, blocks, BENCH_FRAME_BLOCKS, i);
        sum += close_frame(&calls, &savepoint, blocks, BENCH_FRAME_BLOCKS);
    }
    return sum;
}

bool can_nest_frames(const struct bench_form *form)
{
    return form->alloc && !form->flat_savepoints && can_frame(form);
}

// A request of three frames, one in another, of two blocks each.
static uint64_t run_frames_within(const struct calls *calls, size_t depth, uint64_t first)
{
    struct savepoint savepoint;
    uint64_t *blocks[2];
    uint64_t sum = 0;

    open_frame(calls, &savepoint);
    fill_frame(calls, blocks, 2, first);
    if (depth > 1)
        sum = run_frames_within(calls, depth - 1, first + 2);
    return sum + close_frame(calls, &savepoint, blocks, 2);
}

uint64_t run_nested_frames(const struct bench_form *form, void *state, size_t count)
{
    const struct calls calls = calls_of(form, state);
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += run_frames_within(&calls, 3, i);
    return sum;
}

// ── Temporaries behind blocks that stay ─────────────────────────────────────────────────────────

static uint64_t hold_temporaries(const struct bench_form *form, void *state, size_t count,
                                 size_t behind)
{
    const struct calls calls = calls_of(form, state);
    uint64_t *temporaries[3];
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t *kept = take(&calls, BENCH_KEPT);
        bench_blocks[i] = kept;
        *kept = i;
        for (size_t j = 0; j < behind; j++) {
            temporaries[j] = take(&calls, BENCH_TEMPORARY);
            *temporaries[j] = ~i - j;
        }
        for (size_t j = behind; j-- > 0;) {
            sum += *temporaries[j];
            give_back(&calls, temporaries[j], BENCH_TEMPORARY);
        }
    }
    return sum;
}

// The sum of a loop, and of what stayed.
static uint64_t with_kept(uint64_t sum, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum += *(uint64_t *)bench_blocks[i];
    return sum;
}

bool can_hold_temporaries(const struct bench_form *form)
{
    return form->inline_temporary_loop || can_free(form);
}

uint64_t run_temporaries(const struct bench_form *form, void *state, size_t count)
{
    if (!form->inline_temporary_loop)
        return with_kept(hold_temporaries(form, state, count, 1), count);
    return with_kept(
        ((inline_temporary_loop_function *)form->inline_temporary_loop)(state, bench_blocks, count),
        count);
}

bool can_hold_three(const struct bench_form *form)
{
    return form->inline_three_loop || can_free(form);
}

uint64_t run_three_temporaries(const struct bench_form *form, void *state, size_t count)
{
    if (!form->inline_three_loop)
        return with_kept(hold_temporaries(form, state, count, 3), count);
    return with_kept(
        ((inline_temporary_loop_function *)form->inline_three_loop)(state, bench_blocks, count),
        count);
}

void clean_kept(const struct bench_form *form, void *state, size_t count)
{
    static const struct bench_request kept = {BENCH_KEPT, BENCH_PATTERN_ALIGN, 3};

    free_all(form, state, count, &kept);
}

// ── A tree ──────────────────────────────────────────────────────────────────────────────────────

struct node {
    uint64_t key;
    struct node *children[2];
};

bool can_build_tree(const struct bench_form *form)
{
    return form->alloc && can_frame(form);
}

static uint64_t sum_of_tree(const struct node *node, uint64_t depth)
{
    if (!node)
        return 0;
    return node->key * depth + sum_of_tree(node->children[0], depth + 1) +
           sum_of_tree(node->children[1], depth + 1);
}

static void free_tree(const struct calls *calls, struct node *node)
{
    if (!node)
        return;
    free_tree(calls, node->children[0]);
    free_tree(calls, node->children[1]);
    give_back(calls, node, sizeof *node);
}

// A search tree is built, walked and thrown away. Each is another: a processor that remembers the
// way through a tree from the last time would hide what the allocator costs, or not, by chance.
uint64_t run_tree(const struct bench_form *form, void *state, size_t count)
{
    const struct calls calls = calls_of(form, state);
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct savepoint savepoint;
        struct node *root = NULL;
        uint64_t random = i + 1;

        open_frame(&calls, &savepoint);
        for (size_t n = 0; n < NODES; n++) {
            struct node **place = &root;
            random = random * 6364136223846793005U + 1442695040888963407U;
            while (*place)
                place = &(*place)->children[random > (*place)->key];
            *place = (struct node *)take(&calls, sizeof **place);
            **place = (struct node){random, {NULL, NULL}};
        }
        sum += sum_of_tree(root, 1);
        if (calls.rewind)
            calls.rewind(state, &savepoint);
        else
            free_tree(&calls, root);
    }
    return sum;
}

// ── Lists that grow side by side ────────────────────────────────────────────────────────────────

bool can_grow_lists(const struct bench_form *form)
{
    return form->list && form->push && form->items;
}

// None but the last can grow in place.
uint64_t run_lists(const struct bench_form *form, void *state, size_t count)
{
    push_function *push = (push_function *)form->push;
    uint64_t sum = 0;

    for (size_t time = 0; time < count; time++) {
        void *lists[BENCH_LISTS];

        for (size_t i = 0; i < BENCH_LISTS; i++)
            lists[i] = ((list_function *)form->list)(state, i);
        for (uint64_t i = 0; i < PUSHES; i++) {
            for (size_t j = 0; j < BENCH_LISTS; j++) {
                uint64_t number = i * BENCH_LISTS + j;
                push(lists[j], &number);
            }
        }
        for (size_t i = 0; i < BENCH_LISTS; i++) {
            const uint64_t *items = ((items_function *)form->items)(lists[i]);
            for (size_t j = 0; j < PUSHES; j++)
                sum += items[j] * (j + 1);
        }
    }
    return sum;
}

// ── A recorded boot ─────────────────────────────────────────────────────────────────────────────

enum boot_event { BOOT_ALLOC, BOOT_RESIZE, BOOT_FREE };

// BOOT_ALLOC: size and alignment of the next block. BOOT_RESIZE: which block, its new size.
// BOOT_FREE: which block.
static const struct {
    enum boot_event event;
    size_t a, b;
} boot[] = {
#include "tests/bench/recorded_boot.inc"
};
#define BOOT_EVENTS (sizeof boot / sizeof boot[0])

struct boot_block {
    unsigned char *start;
    size_t size, align;
};

bool can_replay_boot(const struct bench_form *form)
{
    return form->alloc && !form->fixed_align;
}

static bool resized(const struct bench_form *form, void *state, const struct boot_block *block,
                    size_t new_size)
{
    if (!form->resize)
        return false;
    size_t result =
        ((resize_function *)form->resize)(state, block->start, block->size, new_size, block->align);
    return ((result & 0xff) != 0) != (form->resizes_to_zero != 0);
}

// The first byte of each block is written. A peer that cannot free leaves the block where it is;
// one that cannot resize in place, or not that block, takes another and copies what was written. At
// the end the blocks that stayed are freed only where they have to be freed one by one.
uint64_t run_boot(const struct bench_form *form, void *state, size_t count)
{
    alloc_function *alloc = (alloc_function *)form->alloc;
    free_function *free_block = (free_function *)form->free;
    struct boot_block boot_blocks[BOOT_EVENTS];
    uint64_t sum = 0;

    for (size_t time = 0; time < count; time++) {
        size_t blocks = 0;
        for (size_t i = 0; i < BOOT_EVENTS; i++) {
            if (boot[i].event == BOOT_ALLOC) {
                size_t align = form->align_is_log2 ? (size_t)__builtin_ctzll(boot[i].b) : boot[i].b;
                unsigned char *start = alloc(state, boot[i].a, align);
                *start = (unsigned char)i;
                boot_blocks[blocks++] = (struct boot_block){start, boot[i].a, align};
                continue;
            }
            struct boot_block *block = &boot_blocks[boot[i].a];
            if (boot[i].event == BOOT_RESIZE) {
                if (!resized(form, state, block, boot[i].b)) {
                    unsigned char *start = alloc(state, boot[i].b, block->align);
                    *start = *block->start;
                    if (free_block)
                        free_block(state, block->start, block->size, block->align);
                    block->start = start;
                }
                block->size = boot[i].b;
            } else {
                sum += *block->start;
                if (free_block)
                    free_block(state, block->start, block->size, block->align);
                block->start = NULL;
            }
        }
        for (size_t i = blocks; i-- > 0;) {
            const struct boot_block *block = &boot_blocks[i];
            if (!block->start)
                continue;
            sum += *block->start;
            if (form->frees_each)
                free_block(state, block->start, block->size, block->align);
        }
    }
    return sum;
}
