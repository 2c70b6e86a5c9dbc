// SPDX-License-Identifier: MIT
// What kmem/poison.h promises.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
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
    SUITE_CASE(what_goes_back_through_the_interface_is_watched),
    SUITE_CASE(fresh_zeros_stay_zeros),
};
const struct suite poison_suite = SUITE("poison", cases);
