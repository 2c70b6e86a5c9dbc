// SPDX-License-Identifier: MIT
// Replays a trace of allocations on free_lists over one buffer, and counts the instructions of one
// call in COUNTED. Its input is that of tests/harness/replay.c, of which it takes `a BLOCK SIZE
// ALIGN` and `f BLOCK`. Prints the most that an allocation took, and a free: for
// test_interpreter.py.
#include "kmem/free_lists.h"
#include "tests/bench/step.h"

#include <stdio.h>
#include <stdlib.h>

#define BUFFER_SIZE ((size_t)64 << 20)
#define BLOCKS_MAX ((size_t)1 << 17)
#define COUNTED 16 // each counted instruction is a trap

struct block {
    void *start;
    size_t size, align;
};

static _Alignas(4096) unsigned char buffer[BUFFER_SIZE];
static struct block blocks[BLOCKS_MAX];
static size_t most_of_alloc, most_of_free;

static void note(size_t *most, size_t instructions)
{
    if (instructions > *most)
        *most = instructions;
}

static void run_alloc(const struct allocator *allocator, struct block *block, bool is_counted)
{
    uintptr_t start;

    if (!is_counted) {
        block->start = allocator_alloc(allocator, block->size, block->align);
        return;
    }
    note(&most_of_alloc, step_call((step_function)allocator_alloc, &start, (uintptr_t)allocator,
                                   block->size, block->align, 0, 0));
    block->start = (void *)start;
}

static void run_free(const struct allocator *allocator, const struct block *block, bool is_counted)
{
    uintptr_t nothing;

    if (!is_counted)
        allocator_free(allocator, block->start, block->size, block->align);
    else
        note(&most_of_free, step_call((step_function)allocator_free, &nothing, (uintptr_t)allocator,
                                      (uintptr_t)block->start, block->size, block->align, 0));
}

// Returns false iff the line is no call, or an allocation that fails.
static bool run(const struct allocator *allocator, char *line, bool is_counted)
{
    char *at = line + 1;
    size_t number = strtoul(at, &at, 0);

    if (number >= BLOCKS_MAX)
        return false;
    struct block *block = &blocks[number];
    if (line[0] == 'a') {
        block->size = strtoul(at, &at, 0);
        block->align = strtoul(at, &at, 0);
        run_alloc(allocator, block, is_counted);
        return block->start != NULL;
    }
    run_free(allocator, block, is_counted);
    return line[0] == 'f';
}

int main(void)
{
    struct fba fba;
    struct free_lists lists;
    char line[128];

    step_open();
    fba_init(&fba, buffer, sizeof buffer);
    free_lists_init(&lists, &fba);
    struct allocator allocator = free_lists_allocator(&lists);
    for (size_t i = 0; fgets(line, sizeof line, stdin); i++) {
        if (!run(&allocator, line, i % COUNTED == 0)) {
            fprintf(stderr, "instructions: this call failed: %s", line);
            return EXIT_FAILURE;
        }
    }
    printf("%zu %zu\n", most_of_alloc, most_of_free);
    return EXIT_SUCCESS;
}
