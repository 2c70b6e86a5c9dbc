// SPDX-License-Identifier: MIT
// What kmem/redzone.h promises. Damage is done through the address of the buffer, with instructions
// that AddressSanitizer does not watch: that an overrun is a report of its own there is a test on
// the host.
#include "tests/suites/suite.h"

#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/redzone.h"

void *memset(void *to, int value, size_t size);

static _Alignas(16) unsigned char memory[1024];
static struct fba fba;
static struct redzone redzone;

static struct allocator open_redzone(void)
{
    fba_init(&fba, memory, sizeof memory);
    redzone_init(&redzone, fba_allocator(&fba));
    return redzone_allocator(&redzone);
}

// Writes where nothing should.
__attribute__((no_sanitize_address, noinline)) static void damage(volatile unsigned char *at)
{
    *at = (unsigned char)~*at;
}

static void blocks_are_served_as_without_it(struct suite_run *run)
{
    for (size_t align = 1; align <= 128; align *= 2) {
        struct allocator allocator = open_redzone();
        unsigned char *block = allocator_alloc(&allocator, 37, align);
        CHECK(run, block && (uintptr_t)block % align == 0);
        memset(block, 0, 37);
        CHECK(run, allocator_resize(&allocator, block, 37, 101, align));
        memset(block, 0, 101);
        CHECK(run, allocator_resize(&allocator, block, 101, 10, align));
        CHECK_EQUAL(run, redzone_check(&redzone, block, 10, align), REDZONE_INTACT);
        allocator_free(&allocator, block, 10, align);
        CHECK_EQUAL(run, redzone.faults, 0);
    }
    struct allocator allocator = open_redzone();
    CHECK(run, !allocator_alloc(&allocator, SIZE_MAX, 1));
    CHECK(run, !allocator_alloc(&allocator, SIZE_MAX - 40, 1));
    CHECK(run, !allocator_alloc(&allocator, 1, 0));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
    CHECK(run, !allocator_alloc(&allocator, 1, 3));
    CHECK_STATUS(run, fba_explain(&fba).reason, FBA_BAD_ALIGNMENT);
    CHECK(run, !allocator_alloc(&allocator, 1, SIZE_MAX / 2 + 1));
}

static void a_resize_that_fails_leaves_the_zones_as_they_were(struct suite_run *run)
{
    struct allocator allocator = open_redzone();
    unsigned char *first = allocator_alloc(&allocator, 10, 1);

    CHECK(run, !allocator_resize(&allocator, first, 10, sizeof memory, 1));
    CHECK(run, allocator_alloc(&allocator, 10, 1));
    CHECK(run, !allocator_resize(&allocator, first, 10, 100, 1)); // not the last
    CHECK_TEXT(run, redzone_kind_name(redzone_check(&redzone, first, 10, 1)), "intact");
    CHECK_EQUAL(run, redzone.faults, 0);
    CHECK_TEXT(run, redzone_kind_name((enum redzone_kind)(REDZONE_WRONG_SIZE + 1)), "unknown");
}

static void an_overrun_names_the_block(struct suite_run *run)
{
    struct allocator allocator = open_redzone();
    unsigned char *first = allocator_alloc(&allocator, 10, 1);
    unsigned char *second = allocator_alloc(&allocator, 10, 1);

    damage(first + 10);
    allocator_free(&allocator, second, 10, 1);
    CHECK_EQUAL(run, redzone.faults, 0);
    allocator_free(&allocator, first, 10, 1);
    CHECK_EQUAL(run, redzone.faults, 1);
    CHECK_TEXT(run, redzone_kind_name(redzone.fault.kind), "overrun");
    CHECK_ADDRESS(run, redzone.fault.block, first);
    CHECK_ADDRESS(run, redzone.fault.at, first + 10);
    CHECK_EQUAL(run, redzone.fault.size, 10);
    CHECK(run, redzone.fault.caller);
}

static void every_byte_of_either_zone_is_watched(struct suite_run *run)
{
    for (size_t i = 0; i < REDZONE_SIZE; i++) {
        struct allocator allocator = open_redzone();
        unsigned char *block = allocator_alloc(&allocator, 10, 16);
        damage(block + 10 + i);
        CHECK_EQUAL(run, redzone_check(&redzone, block, 10, 16), REDZONE_OVERRUN);
        damage(block + 10 + i); // as it was
        CHECK_EQUAL(run, redzone_check(&redzone, block, 10, 16), REDZONE_INTACT);
        damage(block - 1 - i);
        CHECK_EQUAL(run, redzone_check(&redzone, block, 10, 16), REDZONE_UNDERRUN);
        CHECK_ADDRESS(run, redzone.fault.at, block - 1 - i);
    }
}

static void a_wrong_size_is_found_and_put_right(struct suite_run *run)
{
    struct allocator allocator = open_redzone();
    unsigned char *block = allocator_alloc(&allocator, 10, 1);

    allocator_free(&allocator, block, 11, 1);
    CHECK_TEXT(run, redzone_kind_name(redzone.fault.kind), "wrong size");
    CHECK_EQUAL(run, redzone.fault.size, 10);
    CHECK_EQUAL(run, fba_used(&fba), 0); // given back with its true size
}

static void a_block_given_back_twice_is_found_and_stays_back(struct suite_run *run)
{
    struct allocator allocator = open_redzone();
    unsigned char *first = allocator_alloc(&allocator, 10, 1);
    unsigned char *second = allocator_alloc(&allocator, 10, 1);

    allocator_free(&allocator, first, 10, 1);
    CHECK_EQUAL(run, redzone.faults, 0);
    allocator_free(&allocator, first, 10, 1);
    CHECK_EQUAL(run, redzone.faults, 1);
    CHECK_TEXT(run, redzone_kind_name(redzone.fault.kind), "underrun");
    allocator_free(&allocator, second, 10, 1);
    CHECK_EQUAL(run, redzone.faults, 1);
}

static void note_fault(struct redzone *faulty, void *context)
{
    *(const void **)context = faulty->fault.block;
}

static void the_hook_hears_of_each_fault(struct suite_run *run)
{
    struct allocator allocator = open_redzone();
    unsigned char *block = allocator_alloc(&allocator, 10, 1);
    const void *heard = NULL;

    redzone.hook = note_fault;
    redzone.hook_context = &heard;
    damage(block - 1);
    CHECK(run, !allocator_resize(&allocator, block, 10, 11, 1));
    CHECK_ADDRESS(run, heard, block);
}

static const struct suite_case cases[] = {
    SUITE_CASE(blocks_are_served_as_without_it),
    SUITE_CASE(a_resize_that_fails_leaves_the_zones_as_they_were),
    SUITE_CASE(an_overrun_names_the_block),
    SUITE_CASE(every_byte_of_either_zone_is_watched),
    SUITE_CASE(a_wrong_size_is_found_and_put_right),
    SUITE_CASE(a_block_given_back_twice_is_found_and_stays_back),
    SUITE_CASE(the_hook_hears_of_each_fault),
};
const struct suite redzone_suite = SUITE("redzone", cases);
