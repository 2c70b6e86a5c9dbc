// SPDX-License-Identifier: MIT
// What kmem/free_lists.h promises: freed blocks serve again, whatever the order.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"
#include "kmem/free_lists.h"

#define KIB 1024

static _Alignas(4096) unsigned char memory[16 * KIB];
static struct fba fba;
static struct free_lists lists;

static struct allocator open_lists(void)
{
    fba_init(&fba, memory, sizeof memory);
    free_lists_init(&lists, &fba);
    return free_lists_allocator(&lists);
}

static void a_freed_block_serves_its_class_again(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    void *first = allocator_alloc(&allocator, 33, 8);
    void *second = allocator_alloc(&allocator, 48, 8);
    (void)allocator_alloc(&allocator, 1, 1);
    size_t used = fba_used(&fba);

    allocator_free(&allocator, first, 33, 8);
    allocator_free(&allocator, second, 48, 8);
    CHECK_EQUAL(run, lists.waiting, 96);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 40, 1), second);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 48, 16), first);
    CHECK_EQUAL(run, lists.waiting, 0);
    CHECK_EQUAL(run, fba_used(&fba), used);
}

static void the_last_block_goes_back_to_the_fba(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    void *block = allocator_alloc(&allocator, 100, 8);

    CHECK_EQUAL(run, fba_used(&fba), 112);
    allocator_free(&allocator, block, 100, 8);
    CHECK_EQUAL(run, fba_used(&fba), 0);
    CHECK_EQUAL(run, lists.waiting, 0);
}

// Every size up to the buffer's: the block is aligned and whole, and less than a fifth is lost.
static void classes_lose_less_than_a_fifth(struct suite_run *run)
{
    for (size_t size = 0; size <= 9000; size++) {
        struct allocator allocator = open_lists();
        const void *block = allocator_alloc(&allocator, size, 1);
        size_t taken = fba_used(&fba);

        CHECK(run, block && taken >= size && taken != 0 && taken % 16 == 0);
        CHECK(run, size <= 64 ? taken - size <= 16 : (taken - size) * 5 < taken);
    }
}

static void what_is_not_aligned_enough_waits_on(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    (void)allocator_alloc(&allocator, 16, 16);
    void *block = allocator_alloc(&allocator, 64, 16);
    (void)allocator_alloc(&allocator, 1, 1);

    allocator_free(&allocator, block, 64, 16);
    const void *aligned = allocator_alloc(&allocator, 64, 256);
    CHECK(run, aligned && aligned != block && (uintptr_t)aligned % 256 == 0);
    CHECK_EQUAL(run, lists.waiting, 64);
    CHECK(run, !allocator_alloc(&allocator, 64, 0));
    CHECK(run, !allocator_alloc(&allocator, 64, 3));
    CHECK_EQUAL(run, allocator_available(&allocator, 0), 0);
    CHECK_EQUAL(run, allocator_available(&allocator, 3), 0);
}

static void a_resize_within_a_class_is_free(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    void *first = allocator_alloc(&allocator, 65, 8);
    void *last = allocator_alloc(&allocator, 16, 8);

    CHECK(run, allocator_resize(&allocator, first, 65, 80, 8));
    CHECK(run, !allocator_resize(&allocator, first, 80, 81, 8));
    CHECK(run, allocator_resize(&allocator, first, 80, 16, 8));
    CHECK(run, allocator_resize(&allocator, last, 16, 200, 8));
    CHECK_EQUAL(run, fba_used(&fba), 80 + 224);
}

static void what_is_available_can_be_had(struct suite_run *run)
{
    static const size_t sizes[] = {15, 16, 100, 4000, 9000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fba_init(&fba, memory, sizes[i]);
        free_lists_init(&lists, &fba);
        struct allocator allocator = free_lists_allocator(&lists);
        size_t most = allocator_available(&allocator, 8);
        void *block = most != 0 ? allocator_alloc(&allocator, most, 8) : NULL;

        CHECK(run, (most != 0) == (sizes[i] >= 16));
        CHECK(run, most == 0 || block);
        CHECK(run, !allocator_alloc(&allocator, most + 1, 8));
    }
}

// Beyond the largest class, where no buffer of a suite reaches: one that is never written to.
static void a_block_beyond_the_classes_is_one_of_the_fba(struct suite_run *run)
{
    const size_t size = (size_t)256 * KIB;

    fba_init(&fba, (void *)0x100000, size);
    free_lists_init(&lists, &fba);
    struct allocator allocator = free_lists_allocator(&lists);
    CHECK_EQUAL(run, allocator_available(&allocator, 8), size);
    void *block = allocator_alloc(&allocator, (size_t)128 * KIB + 1, 1);
    CHECK(run, block);
    CHECK_EQUAL(run, fba_used(&fba), (size_t)128 * KIB + 1);
    CHECK(run, allocator_alloc(&allocator, 16, 16));
    allocator_free(&allocator, block, (size_t)128 * KIB + 1, 1);
    CHECK_EQUAL(run, lists.waiting, 0);
}

static void it_serves_on_after_the_seal(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    struct fba_ranges ranges;
    void *first = allocator_alloc(&allocator, 64, 8);
    void *second = allocator_alloc(&allocator, 64, 8);

    CHECK_STATUS(run, fba_seal(&fba, 16, &ranges), FBA_OK);
    CHECK(run, !allocator_alloc(&allocator, 64, 8));
    allocator_free(&allocator, first, 64, 8);
    allocator_free(&allocator, second, 64, 8);
    CHECK_EQUAL(run, allocator_available(&allocator, 8), 64);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 64, 8), second);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 64, 8), first);
    CHECK_EQUAL(run, allocator_available(&allocator, 8), 0);
}

static void blocks_that_are_foreign_do_not_wait(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    static _Alignas(16) unsigned char other[64];

    allocator_free(&allocator, other, 64, 8);
    CHECK_EQUAL(run, lists.waiting, 0);
}

static void a_rewind_is_followed_by_forgetting(struct suite_run *run)
{
    struct allocator allocator = open_lists();
    void *older = allocator_alloc(&allocator, 32, 8);
    void *old = allocator_alloc(&allocator, 32, 8);
    struct fba_mark mark;

    CHECK_STATUS(run, fba_mark(&fba, &mark), FBA_OK);
    void *young = allocator_alloc(&allocator, 32, 8);
    (void)allocator_alloc(&allocator, 32, 8);
    allocator_free(&allocator, older, 32, 8);
    allocator_free(&allocator, young, 32, 8);
    allocator_free(&allocator, old, 32, 8);
    CHECK_STATUS(run, fba_rewind(&fba, &mark), FBA_OK);
    free_lists_forget(&lists);
    CHECK_EQUAL(run, lists.waiting, 64);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 32, 8), old);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 32, 8), older);
    CHECK_ADDRESS(run, allocator_alloc(&allocator, 32, 8), young); // of the fba, again
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_freed_block_serves_its_class_again),
    SUITE_CASE(the_last_block_goes_back_to_the_fba),
    SUITE_CASE(classes_lose_less_than_a_fifth),
    SUITE_CASE(what_is_not_aligned_enough_waits_on),
    SUITE_CASE(a_resize_within_a_class_is_free),
    SUITE_CASE(what_is_available_can_be_had),
    SUITE_CASE(a_block_beyond_the_classes_is_one_of_the_fba),
    SUITE_CASE(it_serves_on_after_the_seal),
    SUITE_CASE(blocks_that_are_foreign_do_not_wait),
    SUITE_CASE(a_rewind_is_followed_by_forgetting),
};
const struct suite free_lists_suite = SUITE("free_lists", cases);
