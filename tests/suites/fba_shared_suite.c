// SPDX-License-Identifier: MIT
// What kmem/fba_shared.h promises to a single user. Contention is tested on the host's threads
// (tests/host/contention.c) and on the kernel's processors.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_shared.h"

void *memset(void *to, int value, size_t size);

static _Alignas(64) unsigned char memory[256];
static struct fba fba;
static struct fba_shared shared;

static void blocks_are_served_as_by_the_plain_functions(struct suite_run *run)
{
    fba_init(&fba, memory, 128);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK_ADDRESS(run, fba_shared_alloc(&shared, 3, 1), memory);
    unsigned char *block = fba_shared_alloc(&shared, 8, 16);
    CHECK_ADDRESS(run, block, memory + 16);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, 8, 112), FBA_OK);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, 112, 113), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, 112, 10), FBA_OK);
    CHECK_STATUS(run, fba_shared_free(&shared, memory, 3), FBA_NOT_LAST);
    CHECK_STATUS(run, fba_shared_free(&shared, block, 10), FBA_OK);
    CHECK_STATUS(run, fba_shared_free(&shared, NULL, 10), FBA_OK);
    CHECK_STATUS(run, fba_shared_free(&shared, &fba, 10), FBA_FOREIGN);
    CHECK_EQUAL(run, fba_used(&shared.fba), 16);
    CHECK_EQUAL(run, fba_peak(&shared.fba), 128);
    CHECK_EQUAL(run, shared.retries, 0);
}

static void no_request_wraps_into_success(struct suite_run *run)
{
    fba_init(&fba, (void *)(UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD - 63), 64);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    for (size_t less = 0; less < 70; less++) {
        CHECK(run, !fba_shared_alloc(&shared, SIZE_MAX - less, 1));
        CHECK(run, !fba_shared_alloc(&shared, less, SIZE_MAX / 2 + 1));
    }
    CHECK(run, !fba_shared_alloc(&shared, 1, 0) && !fba_shared_alloc(&shared, 1, 3));
    CHECK_STATUS(run, fba_explain(&shared.fba).reason, FBA_BAD_ALIGNMENT);
    CHECK(run, fba_shared_alloc(&shared, 64, 64));
}

static void a_failure_is_recorded_whole(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    (void)fba_shared_alloc(&shared, 10, 1);
    CHECK(run, !fba_shared_alloc_by(&shared, 60, 8, &memory[1]));
    CHECK_STATUS(run, fba_explain(&shared.fba).reason, FBA_EXHAUSTED);
    CHECK(run, shared.fba.failure.size == 60 && shared.fba.failure.align == 8);
    CHECK_EQUAL(run, fba_explain(&shared.fba).available, 48);
    CHECK_EQUAL(run, fba_explain(&shared.fba).shortfall, 12);
    CHECK_ADDRESS(run, shared.fba.failure.caller, &memory[1]);
    CHECK_EQUAL(run, shared.fba.failure.count, 1);
}

static void fail_again(struct fba *failed, void *context)
{
    (void)failed;
    (*(size_t *)context)++;
    (void)fba_shared_alloc(&shared, 1000, 1); // as an interrupt handler might, meanwhile
}

static void a_failure_inside_the_hook_is_only_counted(struct suite_run *run)
{
    size_t calls = 0;

    fba_init(&fba, memory, 64);
    fba_set_failure_hook(&fba, fail_again, &calls);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK(run, !fba_shared_alloc(&shared, 65, 1));
    CHECK_EQUAL(run, calls, 1);
    CHECK_EQUAL(run, shared.fba.failure.count, 2);
    CHECK_EQUAL(run, shared.fba.failure.size, 65);
    CHECK(run, !fba_shared_alloc(&shared, 66, 1)); // the record is free again
    CHECK_EQUAL(run, calls, 2);
}

static void fresh_memory_is_not_cleared_again(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    memory[3] = 1; // the promise of zeros is believed
    unsigned char *block = fba_shared_alloc_zeroed(&shared, 8, 1);
    CHECK_EQUAL(run, block[3], 1);
}

static void used_memory_is_not_taken_for_fresh(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    unsigned char *block = fba_shared_alloc(&shared, 64, 1);
    memset(block, 0xee, 64);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, 64, 32), FBA_OK);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(&shared, 64, 1), 64, 0);
    CHECK(run, !fba_shared_alloc_zeroed(&shared, sizeof memory, 1));
}

static void memory_that_was_scratch_is_not_taken_for_fresh(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    unsigned char *scratch = fba_scratch_alloc(&fba, 100, 1);
    memset(scratch, 0xcc, 100);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 100), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(&shared, sizeof memory, 1), sizeof memory, 0);
}

static void what_cannot_be_resized_says_why(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 64);
    unsigned char *older = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    unsigned char *block = fba_shared_alloc(&shared, 8, 1);
    CHECK_STATUS(run, fba_shared_resize(&shared, older, 8, 9), FBA_PROTECTED);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, SIZE_MAX, 9), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_shared_resize(&shared, block, 8, SIZE_MAX), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_shared_resize(&shared, NULL, 8, 9), FBA_FOREIGN);
    CHECK_EQUAL(run, fba_used(&shared.fba), 16);
}

static void while_it_is_shared_the_plain_functions_are_busy(struct suite_run *run)
{
    struct fba_mark mark, outer;
    struct fba_numbers numbers;
    struct fba_ranges ranges;
    struct fba tail;

    fba_init(&fba, memory, 64);
    CHECK_STATUS(run, fba_mark(&fba, &outer), FBA_OK);
    void *block = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_BUSY);
    CHECK(run, !fba_alloc(&fba, 0, 1) && !fba_scratch_alloc(&fba, 0, 1));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BUSY);
    CHECK_STATUS(run, fba_free(&fba, block, 8), FBA_BUSY);
    CHECK_STATUS(run, fba_resize(&fba, block, 8, 4), FBA_BUSY);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_BUSY);
    CHECK_STATUS(run, fba_rewind(&fba, &outer), FBA_BUSY);
    CHECK_STATUS(run, fba_reset(&fba), FBA_BUSY);
    CHECK_STATUS(run, fba_split_tail(&fba, 1, &tail), FBA_BUSY);
    CHECK_STATUS(run, fba_rebase(&fba, memory + 64), FBA_BUSY);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_BUSY);
    CHECK_STATUS(run, fba_seal(&fba, 4096, &ranges), FBA_BUSY);
    fba_shared_end(&shared, &fba);
    CHECK_STATUS(run, fba_free(&fba, block, 8), FBA_OK);
    CHECK_STATUS(run, fba_rewind(&fba, &outer), FBA_OK);
}

static void what_was_shared_comes_back_as_it_became(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    (void)fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    unsigned char *block = fba_shared_alloc(&shared, 32, 1);
    CHECK_STATUS(run, fba_shared_free(&shared, block, 32), FBA_OK);
    CHECK(run, !fba_shared_alloc(&shared, 57, 1));
    fba_shared_end(&shared, &fba);
    fba_shared_end(&shared, &fba); // once more changes nothing
    CHECK_EQUAL(run, fba_used(&fba), 8);
    CHECK_EQUAL(run, fba_peak(&fba), 40);
    CHECK_EQUAL(run, fba.failure.count, 1);
    CHECK(run, !fba_shared_alloc(&shared, 1, 1)); // nothing is shared any more
    CHECK_ADDRESS(run, fba_alloc(&fba, 56, 1), memory + 8);
}

static void what_is_not_open_is_not_shared(struct suite_run *run)
{
    static struct fba unready;
    static struct fba_shared unshared;
    struct fba_ranges ranges;

    CHECK_STATUS(run, fba_shared_begin(&unshared, &unready), FBA_NOT_READY);
    fba_shared_end(&unshared, &unready);
    CHECK(run, !fba_shared_alloc(&unshared, 0, 1));
    CHECK_STATUS(run, fba_explain(&unshared.fba).reason, FBA_NOT_READY);
    CHECK_STATUS(run, fba_shared_free(&unshared, memory, 1), FBA_NOT_READY);
    CHECK_STATUS(run, fba_shared_resize(&unshared, memory, 1, 2), FBA_NOT_READY);
    fba_init(&fba, memory, 64);
    fba_seal(&fba, 4096, &ranges);
    CHECK_STATUS(run, fba_shared_begin(&unshared, &fba), FBA_SEALED);
    fba_shared_end(&unshared, &fba);
    CHECK_STATUS(run, fba_status(&fba), FBA_SEALED);
}

static void the_allocator_interface_is_shared_too(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    struct allocator allocator = fba_shared_allocator(&shared);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    unsigned char *block = allocator_alloc(&allocator, 8, 1);
    CHECK(run, allocator_resize(&allocator, block, 8, 64, 1));
    CHECK(run, !allocator_resize(&allocator, block, 64, 65, 1));
    allocator_free(&allocator, block, 64, 1);
    CHECK_EQUAL(run, fba_used(&shared.fba), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(blocks_are_served_as_by_the_plain_functions),
    SUITE_CASE(no_request_wraps_into_success),
    SUITE_CASE(a_failure_is_recorded_whole),
    SUITE_CASE(a_failure_inside_the_hook_is_only_counted),
    SUITE_CASE(fresh_memory_is_not_cleared_again),
    SUITE_CASE(used_memory_is_not_taken_for_fresh),
    SUITE_CASE(memory_that_was_scratch_is_not_taken_for_fresh),
    SUITE_CASE(what_cannot_be_resized_says_why),
    SUITE_CASE(while_it_is_shared_the_plain_functions_are_busy),
    SUITE_CASE(what_was_shared_comes_back_as_it_became),
    SUITE_CASE(what_is_not_open_is_not_shared),
    SUITE_CASE(the_allocator_interface_is_shared_too),
};
const struct suite fba_shared_suite = SUITE("fba_shared", cases);
