// SPDX-License-Identifier: MIT
// Replays allocations with the code of kmem/, for heap_trace.py. Of the buffer only freed blocks
// are touched, and only by free_lists.
//
//     replay fba|reclaim|free_lists SIZE BASE < CALLS
//
// SIZE and BASE are those of the buffer, hexadecimal; it lies here at an address that is congruent
// to BASE modulo 2 MiB. A call is a line: `a BLOCK SIZE ALIGN`, `r BLOCK NEW`, `f BLOCK`, `m`, `w`
// and `k` (a mark, and the innermost one rewound or kept), or `s USED`, which takes what is missing
// up to USED. BLOCK is a number that the caller gives, the others are hexadecimal. Each is answered
// by a line: the block's offset, or - if the call failed, and how many bytes are used since.
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/free_lists.h"
#include "kmem/reclaim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CONGRUENT ((uintptr_t)1 << 21)
#define BLOCKS_MAX ((size_t)1 << 22)
#define MARKS_MAX ((size_t)1 << 16) // open at the same time

struct block {
    void *start;
    size_t size, align;
};

static struct fba fba;
static struct reclaim reclaim;
static struct free_lists free_lists;
static struct block *blocks;
static struct fba_mark marks[MARKS_MAX];
static size_t depth; // marks that are open

static struct allocator allocator_of(const char *kind)
{
    if (strcmp(kind, "reclaim") == 0)
        return reclaim_allocator(&reclaim);
    return strcmp(kind, "free_lists") == 0 ? free_lists_allocator(&free_lists)
                                           : fba_allocator(&fba);
}

static bool open(const char *kind, size_t size, uintptr_t base, struct allocator *allocator)
{
    void *memory = mmap(NULL, size + 2 * CONGRUENT, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct reclaim_record *records = calloc(BLOCKS_MAX, sizeof *records);

    blocks = calloc(BLOCKS_MAX, sizeof *blocks);
    if (memory == MAP_FAILED || !records || !blocks)
        return false;
    uintptr_t start = (uintptr_t)memory + (base - (uintptr_t)memory) % CONGRUENT;
    if (fba_init(&fba, (void *)start, size) != FBA_OK)
        return false;
    reclaim_init(&reclaim, &fba, records, BLOCKS_MAX);
    free_lists_init(&free_lists, &fba);
    *allocator = allocator_of(kind);
    return true;
}

static void answer(const void *block)
{
    if (block)
        printf("%zx ", (size_t)((uintptr_t)block - fba.base));
    else
        printf("- ");
    printf("%zx\n", fba_used(&fba));
}

static void allocate(const struct allocator *allocator, struct block *block)
{
    block->start = allocator_alloc(allocator, block->size, block->align);
    answer(block->start);
}

static void resize(const struct allocator *allocator, struct block *block, size_t size)
{
    if (!block->start ||
        !allocator_resize(allocator, block->start, block->size, size, block->align)) {
        answer(NULL);
        return;
    }
    block->size = size;
    answer(block->start);
}

static void free_block(const struct allocator *allocator, struct block *block)
{
    allocator_free(allocator, block->start, block->size, block->align);
    answer(block->start);
    block->start = NULL;
}

static void take(size_t used)
{
    size_t size = used > fba_used(&fba) ? used - fba_used(&fba) : 0;

    answer(fba_alloc(&fba, size, 1));
}

static void open_mark(void)
{
    bool done = depth < MARKS_MAX && fba_mark(&fba, &marks[depth]) == FBA_OK;

    depth += done;
    answer(done ? (const void *)fba.base : NULL);
}

static void close_mark(enum fba_status (*close)(struct fba *fba, struct fba_mark *mark))
{
    bool done = depth > 0 && close(&fba, &marks[depth - 1]) == FBA_OK;

    depth -= done;
    reclaim_forget(&reclaim);
    free_lists_forget(&free_lists);
    answer(done ? (const void *)fba.base : NULL);
}

// Returns false iff the line is none of a mark.
static bool run_mark(char kind)
{
    if (kind == 'm')
        open_mark();
    else if (kind == 'w')
        close_mark(fba_rewind);
    else if (kind == 'k')
        close_mark(fba_keep);
    else
        return false;
    return true;
}

static bool run(const struct allocator *allocator, const char *line)
{
    size_t number, first, second;

    if (run_mark(line[0]))
        return true;

    if (sscanf(line, "s %zx", &first) == 1) {
        take(first);
        return true;
    }
    if (sscanf(line, "%*c %zu", &number) != 1 || number >= BLOCKS_MAX)
        return false;
    struct block *block = &blocks[number];
    if (sscanf(line, "a %*u %zx %zx", &first, &second) == 2) {
        *block = (struct block){NULL, first, second};
        allocate(allocator, block);
    } else if (sscanf(line, "r %*u %zx", &first) == 1) {
        resize(allocator, block, first);
    } else if (line[0] == 'f') {
        free_block(allocator, block);
    } else {
        return false;
    }
    return true;
}

int main(int count, char **arguments)
{
    char line[128];
    struct allocator allocator;

    if (count != 4 || !open(arguments[1], strtoull(arguments[2], NULL, 16),
                            (uintptr_t)strtoull(arguments[3], NULL, 16), &allocator)) {
        fprintf(stderr, "replay: give fba, reclaim or free_lists, size and base\n");
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        if (!run(&allocator, line)) {
            fprintf(stderr, "replay: not understood: %s", line);
            return 2;
        }
    }
    return 0;
}
