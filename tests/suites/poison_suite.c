// SPDX-License-Identifier: MIT
// What kmem/poison.h promises.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"
#include "kmem/poison.h"

void *memset(void *to, int value, size_t size);

static unsigned char memory[256];
static struct fba fba;
static struct poison poison;

static void open_poison(void)
{
    fba_init(&fba, memory, sizeof memory);
    poison_init(&poison, &fba);
}

static void free_bytes_hold_the_pattern(struct suite_run *run)
{
    open_poison();
    CHECK_BYTES(run, memory, 256, POISON_PATTERN);
    unsigned char *block = fba_alloc(&fba, 64, 1);
    memset(block, 1, 64);
    CHECK_STATUS(run, poison_free(&poison, block, 64), FBA_OK);
    CHECK_BYTES(run, memory, 256, POISON_PATTERN);
    CHECK(run, !poison_check(&poison));
}

static void a_write_after_free_is_found_once(struct suite_run *run)
{
    open_poison();
    unsigned char *block = fba_alloc(&fba, 64, 1);
    CHECK_STATUS(run, poison_free(&poison, block, 64), FBA_OK);
    block[5] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), block + 5);
    CHECK(run, !poison_check(&poison));
    CHECK_EQUAL(run, poison.faults, 1);
}

static void a_write_through_a_rewound_pointer_is_found(struct suite_run *run)
{
    struct fba_mark mark;

    open_poison();
    fba_mark(&fba, &mark);
    unsigned char *block = fba_alloc(&fba, 64, 1);
    CHECK_STATUS(run, poison_rewind(&poison, &mark), FBA_OK);
    block[0] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), block);

    fba_scratch_mark(&fba, &mark);
    unsigned char *scratch = fba_scratch_alloc(&fba, 64, 1);
    CHECK_STATUS(run, poison_rewind(&poison, &mark), FBA_OK);
    scratch[63] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), scratch + 63);
    CHECK_STATUS(run, poison_rewind(&poison, &mark), FBA_MARK_CLOSED);
}

static void a_write_after_a_reset_or_scratch_free_is_found(struct suite_run *run)
{
    open_poison();
    unsigned char *block = fba_alloc(&fba, 64, 1);
    CHECK_STATUS(run, poison_reset(&poison), FBA_OK);
    block[1] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), block + 1);
    unsigned char *scratch = fba_scratch_alloc(&fba, 8, 1);
    CHECK_STATUS(run, poison_scratch_free(&poison, scratch, 8), FBA_OK);
    scratch[2] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), scratch + 2);
}

static void note_find(struct poison *found, void *context)
{
    *(const void **)context = found->at;
}

static void the_next_allocation_finds_it_and_the_hook_hears(struct suite_run *run)
{
    const void *heard = NULL;

    open_poison();
    poison.hook = note_find;
    poison.hook_context = &heard;
    struct allocator allocator = poison_allocator(&poison);
    unsigned char *block = allocator_alloc(&allocator, 64, 1);
    CHECK(run, allocator_resize(&allocator, block, 64, 32, 1));
    block[40] = 0;
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK_ADDRESS(run, heard, block + 40);
}

static _Alignas(8) unsigned char large[8 * POISON_STEP];

// Opens it over the large buffer, of which so many bytes are taken and given back.
static struct allocator open_large(size_t used)
{
    fba_init_zeroed(&fba, large, sizeof large);
    poison_init(&poison, &fba);
    struct allocator allocator = poison_allocator(&poison);
    allocator_free(&allocator, allocator_alloc(&allocator, used, 1), used, 1);
    return allocator;
}

static void an_operation_looks_at_a_part_and_all_is_looked_at_in_turn(struct suite_run *run)
{
    struct allocator allocator;
    size_t count = 0;

    memset(large, 0, sizeof large);
    allocator = open_large(sizeof large);
    large[sizeof large - 1] = 0;
    while (poison.faults == 0 && count++ < 100)
        CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK(run, count > 4 && count <= 16);
    CHECK_ADDRESS(run, poison.at, &large[sizeof large - 1]);

    memset(large, 0, sizeof large); // what was never handed out takes no turn
    allocator = open_large(POISON_STEP);
    large[POISON_STEP / 2] = 0;
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK_ADDRESS(run, poison.at, &large[POISON_STEP / 2]);
    large[POISON_STEP / 2] = 0;
    CHECK(run, fba_scratch_alloc(&fba, 16, 1));
    CHECK(run, allocator_alloc(&allocator, 1, 1));
    CHECK_EQUAL(run, poison.faults, 2);
}

static void what_is_handed_out_has_been_looked_at(struct suite_run *run)
{
    struct allocator allocator;

    memset(large, 0, sizeof large);
    allocator = open_large(4 * POISON_STEP);
    large[3 * POISON_STEP] = 0;
    unsigned char *block = allocator_alloc(&allocator, POISON_STEP, 1);
    CHECK_EQUAL(run, poison.faults, 0);
    CHECK(run, allocator_resize(&allocator, block, POISON_STEP, 3 * POISON_STEP + 1, 1));
    CHECK_EQUAL(run, poison.faults, 1);
    CHECK_ADDRESS(run, poison.at, &large[3 * POISON_STEP]);
    CHECK(run, allocator_alloc(&allocator, 2 * POISON_STEP, 1)); // in part never handed out before
    CHECK_EQUAL(run, poison.faults, 1);

    unsigned char *scratch = fba_scratch_alloc(&fba, POISON_STEP, 1);
    CHECK_STATUS(run, poison_scratch_free(&poison, scratch, POISON_STEP), FBA_OK);
    scratch[POISON_STEP - 1] = 0;
    CHECK(run, allocator_alloc(&allocator, allocator_available(&allocator, 1), 1));
    CHECK_EQUAL(run, poison.faults, 2);
    CHECK_ADDRESS(run, poison.at, scratch + POISON_STEP - 1);
}

static void a_sealed_heap_has_nothing_to_look_at(struct suite_run *run)
{
    struct fba_ranges ranges;

    open_poison();
    struct allocator allocator = poison_allocator(&poison);
    void *block = allocator_alloc(&allocator, 64, 1);
    CHECK_STATUS(run, fba_seal(&fba, 64, &ranges), FBA_OK);
    memset(memory + 64, 0, sizeof memory - 64);
    CHECK(run, !allocator_alloc(&allocator, 1, 1));
    allocator_free(&allocator, block, 64, 1);
    CHECK(run, !poison_check(&poison));
    CHECK_EQUAL(run, poison.faults, 0);
    CHECK_BYTES(run, memory + 64, sizeof memory - 64, 0);
}

static void what_goes_back_through_the_interface_is_watched(struct suite_run *run)
{
    open_poison();
    struct allocator allocator = poison_allocator(&poison);
    unsigned char *block = allocator_alloc(&allocator, 64, 1);
    memset(block, 1, 64);
    allocator_free(&allocator, block, 64, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_BYTES(run, memory, 64, POISON_PATTERN);
    block[7] = 0;
    CHECK_ADDRESS(run, poison_check(&poison), block + 7);
}

static void fresh_zeros_stay_zeros(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    poison_init(&poison, &fba);
    unsigned char *block = fba_alloc(&fba, 64, 1);
    CHECK_STATUS(run, poison_free(&poison, block, 64), FBA_OK);
    CHECK_BYTES(run, memory, 64, POISON_PATTERN);
    CHECK_BYTES(run, memory + 64, 192, 0);
    CHECK_BYTES(run, fba_alloc_zeroed(&fba, 128, 1), 128, 0);
    CHECK(run, !poison_check(&poison));
}

static const struct suite_case cases[] = {
    SUITE_CASE(free_bytes_hold_the_pattern),
    SUITE_CASE(a_write_after_free_is_found_once),
    SUITE_CASE(a_write_through_a_rewound_pointer_is_found),
    SUITE_CASE(a_write_after_a_reset_or_scratch_free_is_found),
    SUITE_CASE(the_next_allocation_finds_it_and_the_hook_hears),
    SUITE_CASE(an_operation_looks_at_a_part_and_all_is_looked_at_in_turn),
    SUITE_CASE(what_is_handed_out_has_been_looked_at),
    SUITE_CASE(a_sealed_heap_has_nothing_to_look_at),
    SUITE_CASE(what_goes_back_through_the_interface_is_watched),
    SUITE_CASE(fresh_zeros_stay_zeros),
};
const struct suite poison_suite = SUITE("poison", cases);
