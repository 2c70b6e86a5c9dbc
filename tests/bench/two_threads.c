// SPDX-License-Identifier: MIT
// Two threads that allocate from one state at the same time.
#define _GNU_SOURCE
#include "tests/bench/form_calls.h"
#include "tests/bench/operations.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ALLOCATIONS MOST_BLOCKS
#define ATTEMPTS 1000
#define OVERLAP 0.9 // of a thread's time, during which the other has to run too

struct sharer {
    const struct bench_form *form;
    void *state;
    void **blocks;
    double start, end;
};

static atomic_size_t arrived;
static size_t second_processor;

bool can_share(const struct bench_form *form)
{
    return second_processor != BENCH_NO_PROCESSOR && form->alloc && form->form[0] == 's' &&
           form->form[1] == 'h';
}

static void share(struct sharer *sharer)
{
    alloc_function *alloc = (alloc_function *)sharer->form->alloc;
    size_t align = align_for(sharer->form, &bench_sixteen);

    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < 2)
        ;
    sharer->start = bench_now();
    for (size_t i = 0; i < ALLOCATIONS; i++)
        sharer->blocks[i] = alloc(sharer->state, BENCH_SIZE, align);
    sharer->end = bench_now();
}

static void *second_thread(void *argument)
{
    cpu_set_t processors;

    CPU_ZERO(&processors);
    CPU_SET(second_processor, &processors);
    sched_setaffinity(0, sizeof processors, &processors);
    share(argument);
    return NULL;
}

// Each thread measures its own loop, from the moment when both have arrived. The time is that of
// one allocation of one thread, while the other allocates too; a run in which they did not is
// repeated.
double time_two_threads(const struct bench_form *form)
{
    static void *others[ALLOCATIONS];

    for (size_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        void *state = open_form(form);
        struct sharer mine = {form, state, bench_blocks, 0, 0};
        struct sharer other = {form, state, others, 0, 0};
        pthread_t thread;

        atomic_store(&arrived, 0);
        if (pthread_create(&thread, NULL, second_thread, &other) != 0)
            break;
        share(&mine);
        pthread_join(thread, NULL);
        double my_time = mine.end - mine.start;
        double other_time = other.end - other.start;
        double both = (mine.end < other.end ? mine.end : other.end) -
                      (mine.start > other.start ? mine.start : other.start);
        if (both >= OVERLAP * (my_time > other_time ? my_time : other_time))
            return (my_time + other_time) / (2 * ALLOCATIONS);
    }
    fprintf(stderr, "bench: no two threads run at the same time here\n");
    exit(2);
}

void two_threads_open(size_t other_processor)
{
    second_processor = other_processor;
}
