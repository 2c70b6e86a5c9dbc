// SPDX-License-Identifier: MIT
// What kmem/fba_shared.h promises to a single user. Contention is tested on the host's threads
// (tests/host/contention.c) and on the kernel's processors.
#include "tests/suites/suite.h"

#include "kmem/fba_handoff.h"
#include "kmem/fba_shared.h"

void *memset(void *to, int value, size_t size);

static _Alignas(64) unsigned char memory[256];
static struct fba fba;

static void blocks_are_served_as_by_the_plain_functions(struct suite_run *run)
{
    fba_init(&fba, memory, 128);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    CHECK_ADDRESS(run, fba_shared_alloc(&fba, 3, 1), memory);
    unsigned char *block = fba_shared_alloc(&fba, 8, 16);
    CHECK_ADDRESS(run, block, memory + 16);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, 8, 112), FBA_OK);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, 112, 113), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, 112, 10), FBA_OK);
    CHECK_STATUS(run, fba_shared_free(&fba, memory, 3), FBA_NOT_LAST);
    CHECK_STATUS(run, fba_shared_free(&fba, block, 10), FBA_OK);
    CHECK_STATUS(run, fba_shared_free(&fba, NULL, 10), FBA_NULL);
    CHECK_STATUS(run, fba_shared_free(&fba, &fba, 10), FBA_FOREIGN);
    CHECK_EQUAL(run, fba_used(&fba), 16);
    CHECK_EQUAL(run, fba_peak(&fba), 128);
    CHECK_EQUAL(run, fba.retries, 0);
}

static void no_request_wraps_into_success(struct suite_run *run)
{
    fba_init(&fba, (void *)(UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD - 63), 64);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    for (size_t less = 0; less < 70; less++) {
        CHECK(run, !fba_shared_alloc(&fba, SIZE_MAX - less, 1));
        CHECK(run, !fba_shared_alloc(&fba, less, SIZE_MAX / 2 + 1));
    }
    CHECK(run, !fba_shared_alloc(&fba, 1, 0) && !fba_shared_alloc(&fba, 1, 3));
    CHECK_STATUS(run, fba.failure.reason, FBA_BAD_ALIGNMENT);
    CHECK(run, fba_shared_alloc(&fba, 64, 64));
}

static void a_failure_is_recorded_whole(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    (void)fba_shared_alloc(&fba, 10, 1);
    CHECK(run, !fba_shared_alloc_by(&fba, 60, 8, &memory[1]));
    CHECK_STATUS(run, fba.failure.reason, FBA_EXHAUSTED);
    CHECK(run, fba.failure.size == 60 && fba.failure.align == 8);
    CHECK_EQUAL(run, fba.failure.available, 48);
    CHECK_EQUAL(run, fba.failure.shortfall, 12);
    CHECK_ADDRESS(run, fba.failure.caller, &memory[1]);
    CHECK_EQUAL(run, fba.failure.count, 1);
}

static void fail_again(struct fba *refusing, void *context)
{
    (*(size_t *)context)++;
    (void)fba_shared_alloc(refusing, 1000, 1); // as an interrupt handler might, meanwhile
}

static void a_failure_inside_the_hook_is_only_counted(struct suite_run *run)
{
    size_t calls = 0;

    fba_init(&fba, memory, 64);
    fba_set_failure_hook(&fba, fail_again, &calls);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    CHECK(run, !fba_shared_alloc(&fba, 65, 1));
    CHECK_EQUAL(run, calls, 1);
    CHECK_EQUAL(run, fba.failure.count, 2);
    CHECK_EQUAL(run, fba.failure.size, 65);
    CHECK(run, !fba_shared_alloc(&fba, 66, 1)); // the record is free again
    CHECK_EQUAL(run, calls, 2);
}

static void used_memory_is_not_taken_for_fresh(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    unsigned char *block = fba_shared_alloc(&fba, 64, 1);
    memset(block, 0xee, 64);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, 64, 32), FBA_OK);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(&fba, 64, 1), 64, 0);
    CHECK(run, !fba_shared_alloc_zeroed(&fba, sizeof memory, 1));
}

static void memory_that_was_scratch_is_not_taken_for_fresh(struct suite_run *run)
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    unsigned char *scratch = fba_scratch_alloc(&fba, 100, 1);
    memset(scratch, 0xcc, 100);
    CHECK_STATUS(run, fba_scratch_free(&fba, scratch, 100), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(&fba, sizeof memory, 1), sizeof memory, 0);
}

static void what_cannot_be_resized_is_refused_by_name(struct suite_run *run)
{
    struct fba_mark mark;

    fba_init(&fba, memory, 64);
    unsigned char *older = fba_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    unsigned char *block = fba_shared_alloc(&fba, 8, 1);
    CHECK_STATUS(run, fba_shared_resize(&fba, older, 8, 9), FBA_PROTECTED);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, SIZE_MAX, 9), FBA_BAD_BLOCK);
    CHECK_STATUS(run, fba_shared_resize(&fba, block, 8, SIZE_MAX), FBA_EXHAUSTED);
    CHECK_STATUS(run, fba_shared_resize(&fba, NULL, 8, 9), FBA_NULL);
    CHECK_EQUAL(run, fba_used(&fba), 16);
}

static void while_it_is_shared_everything_else_is_busy(struct suite_run *run)
{
    struct fba_mark mark;
    struct fba_numbers numbers;
    struct fba_ranges ranges;

    fba_init(&fba, memory, 64);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_BUSY);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_BUSY);
    CHECK_STATUS(run, fba_reset(&fba), FBA_BUSY);
    CHECK_STATUS(run, fba_set_reserve(&fba, 1), FBA_BUSY);
    CHECK_STATUS(run, fba_rebase(&fba, memory + 64), FBA_BUSY);
    CHECK_STATUS(run, fba_export(&fba, &numbers), FBA_BUSY);
    CHECK_STATUS(run, fba_seal(&fba, 4096, &ranges), FBA_BUSY);
    fba_shared_end(&fba);
    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
}

static void what_is_not_open_is_not_shared(struct suite_run *run)
{
    static struct fba unready;
    struct fba_ranges ranges;

    CHECK_STATUS(run, fba_shared_begin(&unready), FBA_NOT_READY);
    fba_shared_end(&unready);
    CHECK(run, !fba_shared_alloc(&unready, 0, 1));
    CHECK_STATUS(run, unready.failure.reason, FBA_NOT_READY);
    CHECK_STATUS(run, fba_shared_free(&unready, memory, 1), FBA_NOT_READY);
    CHECK_STATUS(run, fba_shared_resize(&unready, memory, 1, 2), FBA_NOT_READY);
    fba_init(&fba, memory, 64);
    fba_seal(&fba, 4096, &ranges);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_SEALED);
    fba_shared_end(&fba);
    CHECK(run, !fba_shared_alloc(&fba, 0, 1));
    CHECK_STATUS(run, fba.failure.reason, FBA_SEALED);
    CHECK_STATUS(run, fba_shared_free(&fba, memory, 1), FBA_PERMANENT);
}

static void the_allocator_interface_is_shared_too(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    struct allocator allocator = fba_shared_allocator(&fba);
    CHECK_STATUS(run, fba_shared_begin(&fba), FBA_OK);
    unsigned char *block = allocator_alloc(&allocator, 8, 1);
    CHECK(run, allocator_resize(&allocator, block, 8, 64, 1));
    CHECK(run, !allocator_resize(&allocator, block, 64, 65, 1));
    allocator_free(&allocator, block, 64, 1);
    CHECK_EQUAL(run, fba_used(&fba), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(blocks_are_served_as_by_the_plain_functions),
    SUITE_CASE(no_request_wraps_into_success),
    SUITE_CASE(a_failure_is_recorded_whole),
    SUITE_CASE(a_failure_inside_the_hook_is_only_counted),
    SUITE_CASE(used_memory_is_not_taken_for_fresh),
    SUITE_CASE(memory_that_was_scratch_is_not_taken_for_fresh),
    SUITE_CASE(what_cannot_be_resized_is_refused_by_name),
    SUITE_CASE(while_it_is_shared_everything_else_is_busy),
    SUITE_CASE(what_is_not_open_is_not_shared),
    SUITE_CASE(the_allocator_interface_is_shared_too),
};
const struct suite fba_shared_suite = SUITE("fba_shared", cases);
