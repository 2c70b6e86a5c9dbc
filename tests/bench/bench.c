// SPDX-License-Identifier: MIT
// bench: measures the peers that it is given and prints one line for each form and workload, for
// results.py and for the check of recorded counts to read:
//
//   WORKLOAD \t PEER \t FORM \t INSTRUCTIONS \t MINIMUM \t MEDIAN \t MAXIMUM \t LIBRARY \t OFFSET
//
// in instructions and nanoseconds per operation, empty where there is none; OFFSET is where the
// measured function stands in the peer's library. Before them stand lines that say what the
// workloads are:
//
//   # \t WORKLOAD \t OPERATION
//
// Peers are shared libraries (see peer.h), all loaded into this one process.
//
//   bench [--rounds N] [--seed N] [--count 0|1] PEER.so...
//
// Without --rounds nothing is timed, with --count 0 nothing is counted, which takes longer. A round
// measures every form and workload once, in a new order each time, on one processor. First every
// pattern is run once by every form, and all have to read the same.
#define _GNU_SOURCE
#include "tests/bench/workloads.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PEERS 64
#define MOST_CELLS 1024
#define MOST_ROUNDS 1001
#define BURSTS 8 // of a workload in a round

struct cell {
    const struct bench_workload *workload;
    const struct bench_form *form;
    const char *library;
    double instructions;             // negative: not counted
    double nanoseconds[MOST_ROUNDS]; // negative: not timed
};

struct peer {
    const char *library;
    const struct bench_form *forms;
};

static struct peer peers[MOST_PEERS];
static size_t peer_count;
static struct cell *cells[MOST_CELLS];
static size_t cell_count;

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(2);
}

// Puts this process on one of the processors that it may use, and names another.
static size_t pin(void)
{
    cpu_set_t allowed;
    cpu_set_t one;
    size_t other = BENCH_NO_PROCESSOR;
    size_t mine = BENCH_NO_PROCESSOR;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        stop("sched_getaffinity", "failed");
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &allowed))
            continue;
        other = mine;
        mine = i;
    }
    CPU_ZERO(&one);
    CPU_SET(mine, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        stop("sched_setaffinity", "failed");
    return other;
}

static void open_peer(const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    const struct bench_form *forms = handle ? dlsym(handle, "bench_forms") : NULL;

    if (!forms)
        stop(library, dlerror());
    if (peer_count == MOST_PEERS)
        stop(library, "too many peers");
    peers[peer_count++] = (struct peer){library, forms};
}

static void add_cell(const struct bench_workload *workload, const struct bench_form *form,
                     const char *library)
{
    struct cell *cell = calloc(1, sizeof *cell);

    if (!cell || cell_count == MOST_CELLS)
        stop(library, "too many cells");
    cell->workload = workload;
    cell->form = form;
    cell->library = library;
    cells[cell_count++] = cell;
}

static void add_cells(void)
{
    for (size_t i = 0; i < bench_workload_count; i++) {
        const struct bench_workload *workload = &bench_workloads[i];
        for (size_t j = 0; j < peer_count; j++) {
            for (const struct bench_form *form = peers[j].forms; form->peer; form++)
                if (workload->can(form) && !(form->operations_only && workload->run))
                    add_cell(workload, form, peers[j].library);
        }
    }
}

static void compare_sums(void)
{
    for (size_t i = 0, first = 0; i < cell_count; i++) {
        while (cells[first]->workload != cells[i]->workload)
            first++;
        uint64_t mine = bench_sum(cells[i]->workload, cells[i]->form);
        if (mine == bench_sum(cells[first]->workload, cells[first]->form))
            continue;
        fprintf(stderr, "bench: %s: %s, %s, read other bytes than %s, %s\n",
                cells[i]->workload->name, cells[i]->form->peer, cells[i]->form->form,
                cells[first]->form->peer, cells[first]->form->form);
        exit(2);
    }
}

static void shuffle(struct cell **order, uint64_t *random)
{
    for (size_t i = cell_count; i > 1; i--) {
        *random = *random * 6364136223846793005U + 1442695040888963407U;
        size_t j = (size_t)(*random >> 33) % i;
        struct cell *other = order[j];
        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

static void print_cell(struct cell *cell, size_t rounds)
{
    bench_function entry = bench_entry(cell->workload, cell->form);
    Dl_info info;
    void *address = NULL;

    memcpy(&address, &entry, sizeof address);
    size_t offset =
        address && dladdr(address, &info) ? (uintptr_t)address - (uintptr_t)info.dli_fbase : 0;
    printf("%s\t%s\t%s\t", cell->workload->name, cell->form->peer, cell->form->form);
    if (cell->instructions >= 0)
        printf("%.12g", cell->instructions);
    if (rounds > 0 && cell->nanoseconds[0] >= 0) {
        qsort(cell->nanoseconds, rounds, sizeof cell->nanoseconds[0], compare);
        printf("\t%.4g\t%.4g\t%.4g", cell->nanoseconds[0], cell->nanoseconds[rounds / 2],
               cell->nanoseconds[rounds - 1]);
    } else {
        printf("\t\t\t");
    }
    printf("\t%s\t%zu\n", cell->library, offset);
}

int main(int argc, char **argv)
{
    struct cell *order[MOST_CELLS];
    uint64_t random = 1;
    size_t rounds = 0;
    bool counts = true;
    int next = 1;

    for (; next + 1 < argc && strncmp(argv[next], "--", 2) == 0; next += 2) {
        uint64_t value = strtoull(argv[next + 1], NULL, 10);
        if (strcmp(argv[next], "--rounds") == 0 && value <= MOST_ROUNDS)
            rounds = value;
        else if (strcmp(argv[next], "--seed") == 0)
            random = value;
        else if (strcmp(argv[next], "--count") == 0)
            counts = value != 0;
        else
            stop(argv[next], "not understood");
    }
    if (next >= argc)
        stop("usage", "bench [--rounds N] [--seed N] [--count 0|1] PEER.so...");
    bench_open(pin());
    for (; next < argc; next++)
        open_peer(argv[next]);
    add_cells();
    compare_sums();

    memcpy(order, cells, sizeof order);
    for (size_t round = 0; round < rounds; round++) {
        shuffle(order, &random);
        for (size_t i = 0; i < cell_count; i++) {
            double sum = 0;
            for (size_t burst = 0; burst < BURSTS; burst++)
                sum += bench_time(order[i]->workload, order[i]->form);
            order[i]->nanoseconds[round] = sum / BURSTS;
        }
    }
    for (size_t i = 0; i < bench_workload_count; i++)
        printf("#\t%s\t%s\n", bench_workloads[i].name, bench_workloads[i].operation);
    for (size_t i = 0; i < cell_count; i++) {
        cells[i]->instructions = counts ? bench_count(cells[i]->workload, cells[i]->form) : -1;
        print_cell(cells[i], rounds);
    }
    return 0;
}
