// SPDX-License-Identifier: MIT
// The shared mode of kmem/fba_shared.h under contention of host threads. They start behind a
// barrier, and the retries are counted: rounds are played until some show that the threads did
// meet. Built with ThreadSanitizer as well.
#define _POSIX_C_SOURCE 200809L // threads, barriers and processes under -std=c11

#include "tests/host/host.h"

#include "kmem/fba_account.h"
#include "kmem/fba_shared.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define MOST_SECONDS 60 // on a busy machine the threads may run one after the other for long
#define BLOCK_MOST 64

static _Alignas(64) unsigned char memory[256 * 1024];
static struct fba fba;
static struct fba_shared shared;
static pthread_barrier_t barrier;
static atomic_size_t awake;

struct player {
    pthread_t thread;
    unsigned char number; // what it writes into its blocks
    void (*play)(struct player *player);
    size_t held;   // bytes of blocks that it keeps
    size_t failed; // failures that it saw
    size_t broken; // bytes that were not what they should be
};

static size_t count_other(const unsigned char *block, size_t size, unsigned char value)
{
    size_t other = 0;

    for (size_t i = 0; i < size; i++)
        other += block[i] != value;
    return other;
}

// Takes blocks of all sizes and alignments until there are none, and looks at all of them again.
static void take_everything(struct player *player)
{
    static unsigned char *blocks[THREADS][sizeof memory / 8];
    static unsigned char sizes[THREADS][sizeof memory / 8];
    unsigned char **mine = blocks[player->number - 1];
    unsigned char *size_of = sizes[player->number - 1];
    size_t count = 0;

    for (;;) {
        size_t size = count * 7 % BLOCK_MOST + 8;
        unsigned char *block = fba_shared_alloc(&shared, size, (size_t)1 << count % 5);
        if (!block)
            break;
        memset(block, player->number, size);
        mine[count] = block;
        size_of[count] = (unsigned char)size;
        count++;
        player->held += size;
    }
    player->failed++;
    for (size_t i = 0; i < count; i++)
        player->broken += count_other(mine[i], size_of[i], player->number);
}

// Takes, grows, shrinks and gives back, so that the edge retreats as often as it advances; every
// block must come as zeros, whichever thread had it before.
static void take_and_give_back(struct player *player)
{
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i * 5 % BLOCK_MOST + 8;
        unsigned char *block = fba_shared_alloc_zeroed(&shared, size, 8);
        if (!block) {
            player->failed++;
            continue;
        }
        player->broken += count_other(block, size, 0);
        memset(block, player->number, size);
        if (fba_shared_resize(&shared, block, size, size + 16) == FBA_OK) {
            size += 16;
            memset(block, player->number, size);
        }
        if (fba_shared_resize(&shared, block, size, size / 2) == FBA_OK)
            size /= 2;
        player->broken += count_other(block, size, player->number);
        if (fba_shared_free(&shared, block, size) != FBA_OK)
            player->held += size;
    }
}

static void *start(void *context)
{
    struct player *player = context;

    // Who wakes first at the barrier could be done before the others wake: they meet once more.
    pthread_barrier_wait(&barrier);
    atomic_fetch_add(&awake, 1);
    while (atomic_load(&awake) < THREADS)
        sched_yield();
    player->play(player);
    return NULL;
}

static void play_round(struct player *players, void (*play)(struct player *player))
{
    memset(memory, 0, sizeof memory);
    fba_init_zeroed(&fba, memory, sizeof memory);
    fba_shared_begin(&shared, &fba);
    atomic_store(&awake, 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned char i = 0; i < THREADS; i++) {
        players[i] = (struct player){.number = (unsigned char)(i + 1), .play = play};
        pthread_create(&players[i].thread, NULL, start, &players[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(players[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
    fba_shared_end(&shared, &fba);
}

static time_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

// Plays until the threads have got into each other's way, and checks every round.
static void play(struct suite_run *run, void (*play_once)(struct player *player))
{
    struct player players[THREADS];
    size_t rounds = 0;
    time_t start_time = seconds();

    do {
        size_t held = 0;
        size_t failed = 0;
        play_round(players, play_once);
        for (size_t i = 0; i < THREADS; i++) {
            CHECK_EQUAL(run, players[i].broken, 0);
            held += players[i].held;
            failed += players[i].failed;
        }
        CHECK(run, held <= fba_used(&fba));
        CHECK(run, fba_used(&fba) <= fba_peak(&fba) && fba_peak(&fba) <= sizeof memory);
        CHECK_EQUAL(run, fba.failure.count, failed);
        rounds++;
    } while (shared.retries == 0 && seconds() - start_time < MOST_SECONDS);
    writer_print(run->writer, "    # %zu retries in round %zu\n", shared.retries, rounds);
    CHECK(run, shared.retries > 0);
}

static void threads_never_get_the_same_byte(struct suite_run *run)
{
    play(run, take_everything);
    // Each thread gave up at a request of at most this size and alignment.
    CHECK(run, fba_available(&fba, 1) < BLOCK_MOST + 8 + 16);
}

static void threads_get_clean_zeros_from_each_other(struct suite_run *run)
{
    play(run, take_and_give_back);
}

static const struct suite_case cases[] = {
    SUITE_CASE(threads_never_get_the_same_byte),
    SUITE_CASE(threads_get_clean_zeros_from_each_other),
};
const struct suite contention_suite = SUITE("contention", cases);
