// SPDX-License-Identifier: MIT
// bench: measures the peers that it is given and prints one line for each form and workload, for
// report.py and for the check of recorded counts to read:
//
//   WORKLOAD \t PEER \t FORM \t INSTRUCTIONS \t MINIMUM \t MEDIAN \t MAXIMUM \t LIBRARY \t OFFSET
//
// in instructions and nanoseconds per operation; OFFSET is where the measured function stands in
// the peer's library. Peers are shared libraries (see peer.h), all loaded into this one process.
//
//   bench [--rounds N] PEER.so...     with 0 rounds only instructions are counted
//
// A round measures every form and workload once, in a new order each time, on one processor.
#define _GNU_SOURCE
#include "tests/bench/workloads.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CELLS 512
#define MOST_ROUNDS 1001
#define BURSTS 8 // of a workload in a round

struct cell {
    const struct bench_workload *workload;
    const struct bench_form *form;
    const char *library;
    double instructions; // negative: not counted
    double nanoseconds[MOST_ROUNDS];
};

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

static void add_cells(const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    const struct bench_form *forms = handle ? dlsym(handle, "bench_forms") : NULL;

    if (!forms)
        stop(library, dlerror());
    for (size_t i = 0; i < bench_workload_count; i++) {
        for (const struct bench_form *form = forms; form->peer; form++) {
            if (!bench_workloads[i].can(form))
                continue;
            struct cell *cell = calloc(1, sizeof *cell);
            if (!cell || cell_count == MOST_CELLS)
                stop(library, "too many cells");
            cell->workload = &bench_workloads[i];
            cell->form = form;
            cell->library = library;
            cells[cell_count++] = cell;
        }
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
    printf("%s\t%s\t%s\t%.12g\t", cell->workload->name, cell->form->peer, cell->form->form,
           cell->instructions);
    if (rounds > 0) {
        qsort(cell->nanoseconds, rounds, sizeof cell->nanoseconds[0], compare);
        printf("%.4g\t%.4g\t%.4g", cell->nanoseconds[0], cell->nanoseconds[rounds / 2],
               cell->nanoseconds[rounds - 1]);
    } else {
        printf("\t\t");
    }
    printf("\t%s\t%zu\n", cell->library, offset);
}

int main(int argc, char **argv)
{
    struct cell *order[MOST_CELLS];
    uint64_t random = 1;
    size_t rounds = 0;
    int next = 1;

    if (argc > 2 && strcmp(argv[1], "--rounds") == 0) {
        rounds = strtoul(argv[2], NULL, 10);
        next = 3;
    }
    if (next >= argc || rounds > MOST_ROUNDS)
        stop("usage", "bench [--rounds N] PEER.so...");
    bench_open(pin());
    for (; next < argc; next++)
        add_cells(argv[next]);

    memcpy(order, cells, sizeof order);
    for (size_t round = 0; round < rounds; round++) {
        shuffle(order, &random);
        for (size_t i = 0; i < cell_count; i++) {
            double sum = 0;
            for (size_t burst = 0; burst < BURSTS; burst++)
                sum += order[i]->workload->time(order[i]->form);
            order[i]->nanoseconds[round] = sum / BURSTS;
        }
    }
    for (size_t i = 0; i < cell_count; i++) {
        cells[i]->instructions =
            cells[i]->workload->count ? cells[i]->workload->count(cells[i]->form) : -1;
        print_cell(cells[i], rounds);
    }
    return 0;
}
