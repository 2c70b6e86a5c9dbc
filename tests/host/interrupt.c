// SPDX-License-Identifier: MIT
// The shared mode of kmem/fba_shared.h when an interrupt comes at the worst moment: after an
// operation has read the allocator, before it has published what it makes of it. The allocator
// stands on a page of its own that may not be written; the first write traps, the handler does what
// the interrupt does, opens the page, and the write goes on. The count of retries stands on the
// next page, so that a second interrupt can come before the next try. Every run is the same.
#define _DEFAULT_SOURCE // mprotect and MAP_ANONYMOUS under -std=c11

#include "tests/host/host.h"

#include "kmem/fba_account.h"
#include "kmem/fba_shared.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define LARGEST_PAGE 65536 // of all processors that the suites run on

static _Alignas(64) unsigned char memory[256];
static struct fba opened; // before and after it is shared
static struct fba_shared *shared;
static unsigned char *pages; // two
static void (*interrupt)(void);
static void (*second_interrupt)(void);

static void handle(int signal)
{
    (void)signal;
    mprotect(pages, (size_t)2 * LARGEST_PAGE, PROT_READ | PROT_WRITE);
    interrupt();
    if (second_interrupt) {
        interrupt = second_interrupt;
        second_interrupt = NULL;
        mprotect(pages + LARGEST_PAGE, LARGEST_PAGE, PROT_READ);
    }
}

static void open_shared(bool zeroed)
{
    if (!pages) {
        pages = mmap(NULL, (size_t)2 * LARGEST_PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        shared = (struct fba_shared *)(pages + LARGEST_PAGE - offsetof(struct fba_shared, retries));
    }
    memset(memory, 0, sizeof memory);
    if (zeroed)
        fba_init_zeroed(&opened, memory, sizeof memory);
    else
        fba_init(&opened, memory, sizeof memory);
    fba_shared_begin(shared, &opened);
}

// From here on, `what` happens before the next write to the allocator, once.
static void arrange(void (*what)(void))
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NODEFER};

    interrupt = what;
    sigaction(SIGSEGV, &action, NULL);
    mprotect(pages, LARGEST_PAGE, PROT_READ);
}

static void allocate(void)
{
    memset(fba_shared_alloc(shared, 16, 1), 0xdd, 16);
}

static void allocate_and_give_back(void)
{
    unsigned char *block = fba_shared_alloc(shared, 16, 1);

    memset(block, 0xdd, 16);
    fba_shared_free(shared, block, 16);
}

static void allocate_the_rest(void)
{
    (void)fba_shared_alloc(shared, fba_available(&shared->fba, 1), 1);
}

static void an_allocation_takes_what_lies_behind_the_other(struct suite_run *run)
{
    open_shared(true);
    arrange(allocate);
    CHECK_ADDRESS(run, fba_shared_alloc(shared, 8, 1), memory + 16);
    CHECK_EQUAL(run, shared->retries, 1);
    CHECK_EQUAL(run, fba_used(&shared->fba), 24);
}

static void an_allocation_tries_until_no_other_is_faster(struct suite_run *run)
{
    open_shared(true);
    second_interrupt = allocate;
    arrange(allocate);
    CHECK_ADDRESS(run, fba_shared_alloc(shared, 8, 1), memory + 32);
    CHECK_EQUAL(run, shared->retries, 2);
    CHECK_EQUAL(run, fba_used(&shared->fba), 40);
}

static void zeros_behind_the_other_are_cleared_if_they_were_used(struct suite_run *run)
{
    for (size_t used = 0; used < 2; used++) {
        open_shared(true);
        unsigned char *block = fba_shared_alloc(shared, used * 64, 1);
        memset(block, 0xee, used * 64);
        CHECK_STATUS(run, fba_shared_free(shared, block, used * 64), FBA_OK);
        arrange(allocate);
        block = fba_shared_alloc_zeroed(shared, 32, 1);
        CHECK_ADDRESS(run, block, memory + 16);
        CHECK_BYTES(run, block, 32, 0);
    }
    open_shared(true);
    arrange(allocate_the_rest);
    CHECK(run, !fba_shared_alloc_zeroed(shared, 8, 1));
}

static void an_allocation_fails_if_the_other_took_the_rest(struct suite_run *run)
{
    open_shared(true);
    arrange(allocate_the_rest);
    CHECK(run, !fba_shared_alloc(shared, 8, 1));
    CHECK_STATUS(run, fba_explain(&shared->fba).reason, FBA_EXHAUSTED);
    CHECK(run, fba_explain(&shared->fba).available == 0 && shared->fba.failure.count == 1);
}

static void zeros_are_zeros_after_any_interrupt(struct suite_run *run)
{
    open_shared(true);
    arrange(allocate_and_give_back);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(shared, 32, 1), 32, 0);
}

static void a_new_peak_of_the_other_is_not_forgotten(struct suite_run *run)
{
    open_shared(false); // without a watermark to raise, the first write is that of the gap
    unsigned char *block = fba_shared_alloc(shared, 8, 1);
    arrange(allocate_and_give_back);
    CHECK_STATUS(run, fba_shared_free(shared, block, 8), FBA_OK);
    CHECK_EQUAL(run, fba_used(&shared->fba), 0);
    CHECK_EQUAL(run, fba_peak(&shared->fba), 24);
}

static void a_block_that_is_no_longer_last_stays(struct suite_run *run)
{
    for (size_t zeroed = 0; zeroed < 2; zeroed++) { // the first write is another
        open_shared(zeroed);
        unsigned char *block = fba_shared_alloc(shared, 8, 1);
        arrange(allocate);
        CHECK_STATUS(run, fba_shared_free(shared, block, 8), FBA_NOT_LAST);
        CHECK_EQUAL(run, shared->retries, 1);
        CHECK_EQUAL(run, fba_used(&shared->fba), 24);
        CHECK_BYTES(run, memory + 8, 16, 0xdd);
    }
}

static void a_block_that_was_given_back_fast_before_is_not_this_time(struct suite_run *run)
{
    open_shared(true);
    unsigned char *block = fba_shared_alloc(shared, 64, 1);
    CHECK_STATUS(run, fba_shared_free(shared, block, 64), FBA_OK); // settles the watermarks
    block = fba_shared_alloc(shared, 8, 1);
    arrange(allocate);
    CHECK_STATUS(run, fba_shared_free(shared, block, 8), FBA_NOT_LAST);
    CHECK_EQUAL(run, fba_used(&shared->fba), 24);
}

static void the_watermark_that_the_other_raised_higher_stays(struct suite_run *run)
{
    open_shared(true);
    unsigned char *block = fba_shared_alloc(shared, 8, 1);
    arrange(allocate_and_give_back);
    CHECK_STATUS(run, fba_shared_free(shared, block, 8), FBA_OK);
    CHECK_EQUAL(run, fba_used(&shared->fba), 0);
    CHECK_EQUAL(run, fba_peak(&shared->fba), 24);
    CHECK_BYTES(run, fba_shared_alloc_zeroed(shared, 32, 1), 32, 0);
}

static void a_block_that_is_no_longer_last_shrinks_in_name(struct suite_run *run)
{
    open_shared(true);
    unsigned char *block = fba_shared_alloc(shared, 8, 1);
    arrange(allocate);
    CHECK_STATUS(run, fba_shared_resize(shared, block, 8, 4), FBA_OK);
    CHECK_EQUAL(run, fba_used(&shared->fba), 24);
    CHECK_BYTES(run, memory + 8, 16, 0xdd);
}

static void a_block_that_is_no_longer_last_does_not_grow(struct suite_run *run)
{
    open_shared(true);
    unsigned char *block = fba_shared_alloc(shared, 8, 1);
    arrange(allocate);
    CHECK_STATUS(run, fba_shared_resize(shared, block, 8, 9), FBA_NOT_LAST);
    CHECK_EQUAL(run, fba_used(&shared->fba), 24);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_allocation_takes_what_lies_behind_the_other),
    SUITE_CASE(an_allocation_tries_until_no_other_is_faster),
    SUITE_CASE(zeros_behind_the_other_are_cleared_if_they_were_used),
    SUITE_CASE(an_allocation_fails_if_the_other_took_the_rest),
    SUITE_CASE(zeros_are_zeros_after_any_interrupt),
    SUITE_CASE(a_new_peak_of_the_other_is_not_forgotten),
    SUITE_CASE(a_block_that_is_no_longer_last_stays),
    SUITE_CASE(a_block_that_was_given_back_fast_before_is_not_this_time),
    SUITE_CASE(the_watermark_that_the_other_raised_higher_stays),
    SUITE_CASE(a_block_that_is_no_longer_last_shrinks_in_name),
    SUITE_CASE(a_block_that_is_no_longer_last_does_not_grow),
};
const struct suite interrupt_suite = SUITE("interrupt", cases);
