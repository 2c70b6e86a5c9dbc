// SPDX-License-Identifier: MIT
// Fuzz target: the decorators of kmem/, alone and one over another, against the reference model.
// Below stands an fba (with fallback: two); around it ledger, poison, redzone, reclaim, fallback
// or free_lists; and around that limit or failing. Where a block must lie, and whether it is
// served, the model says; of redzone, reclaim and free_lists, which lay their blocks out
// differently, what they promise is checked. Every live block must keep its bytes whatever happens.
#include "kmem/failing.h"
#include "kmem/fallback.h"
#include "kmem/fba_allocator.h"
#include "kmem/free_lists.h"
#include "kmem/ledger.h"
#include "kmem/limit.h"
#include "kmem/poison.h"
#include "kmem/reclaim.h"
#include "kmem/redzone.h"
#include "tests/fuzz/input.h"
#include "tests/model/model.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER 1024
#define MOST_BLOCKS 16
#define MOST_STEPS 128

enum inner { PLAIN, LEDGER, POISON, REDZONE, RECLAIM, FALLBACK, FREE_LISTS, INNERS };
enum outer { NOTHING, LIMIT, FAILING, OUTERS };

struct block {
    unsigned char *start;
    size_t size, align;
    unsigned char value; // of each byte
};

static _Alignas(64) unsigned char memory[2][BUFFER];
static struct fba fbas[2];
static struct model models[2];
static enum inner inner;
static enum outer outer;
static struct ledger ledger;
static struct ledger_entry entries[4];
static struct poison poison;
static struct redzone redzone;
static struct reclaim reclaim;
static struct reclaim_record records[MOST_BLOCKS]; // one a live block is enough
static struct fallback fallback;
static struct free_lists lists;
static struct limit limit;
static struct failing failing;
static struct allocator allocator;

static struct block blocks[MOST_BLOCKS];
static size_t block_count;
static size_t held; // bytes of all blocks
static size_t allocs, growths, over_budget, faults;
static unsigned char next_value;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "inner %d, outer %d, line %d: %s\n", (int)inner, (int)outer, __LINE__, \
                    #condition);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

// ── What is expected ────────────────────────────────────────────────────────────────────────────

static bool is_modelled(void)
{
    return inner != REDZONE && inner != RECLAIM && inner != FREE_LISTS;
}

static bool is_alignment(size_t align)
{
    return align != 0 && (align & (align - 1)) == 0;
}

// Which of the two fbas serves it.
static size_t server_of(size_t size, size_t align)
{
    size_t available = model_available(&models[0], align);

    return inner == FALLBACK && (available == 0 || size > available);
}

static size_t owner_of(const struct block *block)
{
    return inner == FALLBACK && !model_owns_range(&models[0], (uintptr_t)block->start, block->size);
}

// Whether the outer decorator lets a request through, by its own promise.
static bool is_let_through(size_t more)
{
    if (outer == LIMIT)
        return more <= limit.budget - held;
    if (outer == FAILING)
        return failing.onwards ? failing.fail_alloc == 0 || allocs < failing.fail_alloc
                               : allocs != failing.fail_alloc;
    return true;
}

static bool is_growth_let_through(size_t more)
{
    if (outer == FAILING)
        return failing.onwards ? failing.fail_resize == 0 || growths < failing.fail_resize
                               : growths != failing.fail_resize;
    return is_let_through(more);
}

// The largest size that is to be had at an alignment; of a redzone, the most that it may claim.
static size_t largest_available(size_t align)
{
    size_t available = fba_available(&fbas[0], align);

    if (is_modelled())
        available = model_available(&models[0], align);
    if (inner == FALLBACK && model_available(&models[1], align) > available)
        available = model_available(&models[1], align);
    if (outer == LIMIT && limit.budget - held < available)
        available = limit.budget - held;
    return available;
}

static size_t failures_of_fbas(void)
{
    return fbas[0].failure.count + fbas[1].failure.count;
}

static bool is_as_before(const struct fba *fba, const struct fba *before)
{
    return fba->lower.edge == before->lower.edge && fba->upper.edge == before->upper.edge &&
           fba->lower.watermark == before->lower.watermark &&
           fba->upper.watermark == before->upper.watermark && fba->least_gap == before->least_gap &&
           fba->fast_free_limit == before->fast_free_limit &&
           fba->failure.count == before->failure.count;
}

// Asking changes nothing, and the answer is right, of which the allocation after it is the proof.
static size_t ask_available(size_t align)
{
    const struct fba before[2] = {fbas[0], fbas[1]};
    size_t available = allocator_available(&allocator, align);

    CHECK(is_as_before(&fbas[0], &before[0]) && is_as_before(&fbas[1], &before[1]));
    if (inner == REDZONE)
        CHECK(available <= largest_available(align));
    else if (inner != FREE_LISTS) // it has what waits, and rounds what it takes
        CHECK(available == largest_available(align));
    return available;
}

static void check_blocks(void)
{
    for (size_t i = 0; i < block_count; i++) {
        const struct block *block = &blocks[i];
        for (size_t k = 0; k < block->size; k++)
            CHECK(block->start[k] == block->value);
        for (size_t j = 0; j < i; j++) // a block without bytes may lie anywhere
            CHECK(block->size == 0 || blocks[j].size == 0 ||
                  block->start + block->size <= blocks[j].start ||
                  blocks[j].start + blocks[j].size <= block->start);
    }
}

// What the lines of a report on the ledger add up to.
static size_t sum_of_ledger(void)
{
    struct ledger_holder holders[sizeof entries / sizeof entries[0]];
    size_t count = ledger_top(&ledger, holders, sizeof entries / sizeof entries[0]);
    size_t sum = ledger_unrecorded(&ledger).size - ledger_returned(&ledger).size;

    for (size_t i = 0; i < count; i++)
        sum += holders[i].size;
    return sum;
}

static void check_figures(void)
{
    for (size_t i = 0; i < 2 && is_modelled(); i++) {
        CHECK(fba_used(&fbas[i]) == model_used(&models[i]));
        CHECK(fba_peak(&fbas[i]) == model_peak(&models[i]));
    }
    CHECK(outer != LIMIT ||
          (limit.used == held && limit.peak >= held && limit.failures == over_budget));
    CHECK(outer != FAILING || (failing.blocks == block_count && failing.allocs == allocs &&
                               failing.resizes == growths));
    CHECK(inner != RECLAIM || reclaim.count <= block_count);
    CHECK(inner != FREE_LISTS || lists.waiting + held <= fba_used(&fbas[0]));
    CHECK(inner != LEDGER || (ledger.requested == held && sum_of_ledger() == held));
    CHECK(inner != POISON || (!poison_check(&poison) && poison.faults == faults));
    CHECK(inner != REDZONE || redzone.faults == faults);
}

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────

static void fill(struct block *block)
{
    block->value = ++next_value == POISON_PATTERN ? ++next_value : next_value;
    if (block->size > 0)
        memset(block->start, block->value, block->size);
}

static void step_alloc(struct input *input)
{
    uint8_t byte = input_byte(input);
    size_t align = byte < 0xf0 ? (size_t)1 << (byte & 7) : byte & 3; // 0 and 3 are none
    size_t size = input_byte(input) % 96;
    static const char *const tags[] = {NULL, "a", "b"};
    size_t failures = failures_of_fbas();

    if (block_count == MOST_BLOCKS)
        return;
    if (byte >= 0xfc)
        size = SIZE_MAX - size;
    allocs++;
    ledger.tag = tags[allocs % 3];
    size_t available = ask_available(align);
    bool through = is_let_through(size);
    over_budget += outer == LIMIT && !through;
    unsigned char *start = allocator_alloc(&allocator, size, align);
    if (!through) {
        CHECK(!start);
        CHECK(failures_of_fbas() == failures); // they never heard of it
    } else if (is_modelled()) {
        struct model *model = &models[server_of(size, align)];
        CHECK((uintptr_t)start == model_alloc(model, FBA_REQUEST_ALLOC, size, align, NULL));
    } else if (start) {
        CHECK(is_alignment(align));
        CHECK(fba_owns_range(&fbas[0], start, size));
    } else {
        // Padding and zones take less than this.
        size_t spare = align + 4 * REDZONE_SIZE + 64;
        CHECK(!is_alignment(align) || size > BUFFER ||
              size + spare > fba_available(&fbas[0], align));
    }
    // Of free_lists that size, and not each below it: the classes are for themselves.
    bool is_served = inner == FREE_LISTS ? size == available && outer != LIMIT : size <= available;
    CHECK(!through || available == 0 || !is_served || start);
    if (!start)
        return;
    CHECK((uintptr_t)start % align == 0);
    blocks[block_count] = (struct block){start, size, align, 0};
    fill(&blocks[block_count++]);
    held += size;
}

static void step_resize(struct input *input)
{
    struct block *block = &blocks[input_byte(input) % block_count];
    size_t size = input_byte(input) % 128;
    bool grows = size > block->size;

    growths += grows;
    bool through = !grows || is_growth_let_through(size - block->size);
    bool resized = allocator_resize(&allocator, block->start, block->size, size, block->align);
    CHECK(through || !resized);
    CHECK(grows || resized || block->size == 0); // without bytes it may lie in the free space
    if (through && is_modelled())
        CHECK(resized == (model_resize(&models[owner_of(block)], (uintptr_t)block->start,
                                       block->size, size) == FBA_OK));
    if (!resized)
        return;
    for (size_t i = 0; i < block->size && i < size; i++)
        CHECK(block->start[i] == block->value);
    held = held - block->size + size;
    block->size = size;
    fill(block);
}

static void give_back(size_t index, size_t claimed)
{
    struct block block = blocks[index];

    allocator_free(&allocator, block.start, claimed, block.align);
    if (is_modelled())
        model_free(&models[owner_of(&block)], (uintptr_t)block.start, block.size);
    held -= block.size;
    blocks[index] = blocks[--block_count];
}

__attribute__((no_sanitize("address"), noinline)) static void damage(unsigned char *at)
{
    *(volatile unsigned char *)at = (unsigned char)~*at;
}

// A byte just outside of a block is written: found, named, and as good as new when put right.
static void step_overrun(struct input *input)
{
    const struct block *block = &blocks[input_byte(input) % block_count];
    uint8_t byte = input_byte(input);
    size_t distance = byte % REDZONE_SIZE;
    unsigned char *at =
        byte & 0x80 ? block->start - 1 - distance : block->start + block->size + distance;

    damage(at);
    CHECK(redzone_check(&redzone, block->start, block->size, block->align) ==
          (byte & 0x80 ? REDZONE_UNDERRUN : REDZONE_OVERRUN));
    CHECK(redzone.fault.block == block->start && redzone.fault.at == at);
    damage(at);
    CHECK(redzone_check(&redzone, block->start, block->size, block->align) == REDZONE_INTACT);
    faults++;
}

// A free byte is written: found once.
static void step_stale_write(struct input *input)
{
    size_t available = fba_available(&fbas[0], 1);

    if (available == 0)
        return;
    unsigned char *at = (unsigned char *)fbas[0].lower.edge + 1 + input_word(input) % available;
    *at = (unsigned char)~*at;
    CHECK(poison_check(&poison) == at);
    faults++;
}

static void step(struct input *input)
{
    uint8_t byte = input_byte(input);

    if (block_count == 0 || (byte & 7) < 3) {
        step_alloc(input);
    } else if ((byte & 7) == 3) {
        step_resize(input);
    } else if ((byte & 7) < 6) {
        // The newest, which can be given back, more often than others.
        size_t index = byte & 0x10 ? input_byte(input) % block_count : block_count - 1;
        bool wrong = inner == REDZONE && outer == NOTHING && (byte & 0xe0) == 0xe0;
        faults += wrong;
        give_back(index, blocks[index].size + wrong);
    } else if (inner == REDZONE) {
        step_overrun(input);
    } else if (inner == POISON) {
        step_stale_write(input);
    }
}

// ── The run ─────────────────────────────────────────────────────────────────────────────────────

static void open_fbas(size_t size)
{
    __asan_unpoison_memory_region(memory, sizeof memory); // redzone may have left zones there
    for (size_t i = 0; i < 2; i++) {
        CHECK(fba_init(&fbas[i], memory[i], size) == FBA_OK);
        CHECK(model_init(&models[i], (uintptr_t)memory[i], size, false) == FBA_OK);
    }
    block_count = held = allocs = growths = over_budget = faults = next_value = 0;
}

static struct allocator open_inner(struct input *input)
{
    switch (inner) {
    case LEDGER:
        ledger_init(&ledger, fba_allocator(&fbas[0]), entries, input_byte(input) % 5);
        return ledger_allocator(&ledger);
    case POISON:
        poison_init(&poison, &fbas[0]);
        return poison_allocator(&poison);
    case REDZONE:
        redzone_init(&redzone, fba_allocator(&fbas[0]));
        return redzone_allocator(&redzone);
    case RECLAIM:
        reclaim_init(&reclaim, &fbas[0], records, MOST_BLOCKS);
        return reclaim_allocator(&reclaim);
    case FALLBACK:
        fallback = (struct fallback){.first = &fbas[0], .second = fba_allocator(&fbas[1])};
        return fallback_allocator(&fallback);
    case FREE_LISTS:
        free_lists_init(&lists, &fbas[0]);
        fallback = (struct fallback){.first = &fbas[0], .front = free_lists_allocator(&lists)};
        return fallback_allocator(&fallback); // without a second it changes nothing
    default:
        return fba_allocator(&fbas[0]);
    }
}

static void open_outer(struct input *input, struct allocator within)
{
    switch (outer) {
    case LIMIT:
        limit_init(&limit, within, input_byte(input) * 4u);
        allocator = limit_allocator(&limit);
        break;
    case FAILING:
        failing_init(&failing, within);
        failing.fail_alloc = input_byte(input) % 16;
        failing.fail_resize = input_byte(input) % 8;
        failing.onwards = input_byte(input) & 1;
        allocator = failing_allocator(&failing);
        break;
    default:
        allocator = within;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};

    inner = (enum inner)(input_byte(&input) % INNERS);
    outer = (enum outer)(input_byte(&input) % OUTERS);
    open_fbas(input_byte(&input) * 4u);
    open_outer(&input, open_inner(&input));
    for (size_t i = 0; i < MOST_STEPS && input.left > 0; i++) {
        step(&input);
        check_blocks();
        check_figures();
    }
    // In another order than they came in.
    while (block_count > 0) {
        size_t index = input_byte(&input) % block_count;
        give_back(index, blocks[index].size);
        check_blocks();
        check_figures();
    }
    CHECK(inner != RECLAIM || (fba_used(&fbas[0]) == 0 && reclaim.count == 0));
    return 0;
}
