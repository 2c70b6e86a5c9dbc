// SPDX-License-Identifier: MIT
// What kmem/fba_shared.h promises, kept by processors and not by threads: the machine's others
// allocate from one buffer at the same time. (Software emulation keeps x86's order of stores, so
// that this shows exclusion, not ordering: the model checker does that.)
#include "arch/x86_64/string.h"
#include "boot/kernel/steps/processors.h"
#include "kmem/fba_account.h"
#include "kmem/fba_shared.h"
#include "tests/metal/metal.h"

#define PROCESSORS_MOST 64
// An emulator may run its processors one after the other for longer than the least takes: then they
// go on until they have met, or it is clear that they never will.
#define ROUNDS_LEAST 3000
#define ROUNDS_MOST 3000000
#define KEPT_MOST 48
#define NEVER_LAST 7 // of so many blocks one is kept, the rest is given back at once

struct kept {
    unsigned char *block;
    size_t size;
};

static unsigned char buffer[256 * 1024];
static struct fba fba;
static struct fba_shared shared;
static struct kept kept[PROCESSORS_MOST][KEPT_MOST];
static size_t kept_count[PROCESSORS_MOST];
static bool damaged[PROCESSORS_MOST];
static size_t rounds_most;

static size_t number_of(const struct processor *processor)
{
    return (size_t)(processor - processor->all->others) % PROCESSORS_MOST;
}

static unsigned char pattern_of(size_t number, size_t round)
{
    return (unsigned char)(number * 31 + round * 7 + 1);
}

static bool holds(const unsigned char *block, size_t size, unsigned char byte)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != byte)
            return false;
    return true;
}

static bool goes_on(size_t round)
{
    bool have_met = __atomic_load_n(&shared.retries, __ATOMIC_RELAXED) > 0;

    return round < ROUNDS_LEAST || (!have_met && round < rounds_most);
}

// Takes blocks, writes them full, looks whether another processor wrote in between, and gives most
// of them back, which succeeds only while they are the last.
static void hammer(void *context, struct processor *self)
{
    (void)context;
    size_t number = number_of(self);

    for (size_t round = 0; goes_on(round); round++) {
        size_t size = 1 + (round * 13 + number * 5) % 61;
        size_t align = (size_t)1 << (round + number) % 5;
        unsigned char *block = fba_shared_alloc(&shared, size, align);
        if (!block)
            continue;
        unsigned char byte = pattern_of(number, round);
        memset(block, byte, size);
        if ((uintptr_t)block % align != 0 || !holds(block, size, byte))
            damaged[number] = true;
        if (round % NEVER_LAST == 0 && kept_count[number] < KEPT_MOST) {
            memset(block, (int)number + 1, size);
            kept[number][kept_count[number]++] = (struct kept){block, size};
        } else {
            fba_shared_free(&shared, block, size);
        }
    }
}

static void blocks_of_all_processors_are_disjoint(struct suite_run *run)
{
    struct processors *processors = step_processors_started();
    size_t count = processors->arrived < PROCESSORS_MOST ? processors->arrived : PROCESSORS_MOST;

    CHECK(run, processors->arrived > 0); // with one processor there is nothing to share with
    rounds_most = processors->arrived > 1 ? ROUNDS_MOST : ROUNDS_LEAST;
    CHECK_STATUS(run, fba_init(&fba, buffer, sizeof buffer), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK(run, processors_work(processors, hammer, NULL));
    fba_shared_end(&shared, &fba);
    for (size_t i = 0; i < count; i++) {
        CHECK(run, !damaged[i]);
        CHECK(run, kept_count[i] > 0);
        for (size_t j = 0; j < kept_count[i]; j++)
            CHECK_BYTES(run, kept[i][j].block, kept[i][j].size, (unsigned char)(i + 1));
    }
    writer_print(run->writer, "# %zu processors, %zu retries\n", processors->arrived,
                 shared.retries);
    if (processors->arrived > 1)
        CHECK(run, shared.retries > 0); // else they did not meet, and this showed nothing
}

static void a_processor_whose_allocation_fails_leaves_a_whole_record(struct suite_run *run)
{
    struct processors *processors = step_processors_started();

    CHECK(run, processors->arrived > 0);
    rounds_most = ROUNDS_LEAST;
    CHECK_STATUS(run, fba_init(&fba, buffer, 1), FBA_OK);
    CHECK_STATUS(run, fba_shared_begin(&shared, &fba), FBA_OK);
    CHECK(run, processors_work(processors, hammer, NULL));
    fba_shared_end(&shared, &fba);
    CHECK(run, fba.failure.count > 0);
    enum fba_status reason = fba_explain(&fba).reason;
    CHECK(run, reason == FBA_EXHAUSTED || reason == FBA_TOO_LARGE);
    CHECK(run, fba.failure.size >= 1 && fba.failure.size <= 61);
    CHECK(run, fba.failure.align <= 16);
}

static const struct suite_case cases[] = {
    SUITE_CASE(blocks_of_all_processors_are_disjoint),
    SUITE_CASE(a_processor_whose_allocation_fails_leaves_a_whole_record),
};
const struct suite shared_suite = SUITE("processors", cases);
