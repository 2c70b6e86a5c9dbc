// SPDX-License-Identifier: MIT
// Does the work of one library (heap.h) within one buffer: measures what it needs, then fails each
// allocation and each resize, alone and with all that follow (fault injection), and ends with
// buffers that are too small. Prints a line for each run that crashed, hung, lost memory or claimed
// a wrong result, and one of figures: for test_libraries.py.
#include "tests/embed/libraries/heap.h"

#include "kmem/failing.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/free_lists.h"
#include "kmem/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)64 << 20)
#define SIZES 64          // buffers that are too small, from nearly nothing to nearly enough
#define SECONDS_A_RUN 20U // after which a run counts as hung

static _Alignas(4096) unsigned char buffer[BUFFER_SIZE];

// --- The heap ------------------------------------------------------------------------------------

static struct fba fba;
static struct free_lists lists;
static struct failing failing;
static struct allocator heap;
static size_t live, live_most; // bytes that the library asked for

static void open_heap(size_t size, bool with_lists)
{
    CHECK(fba_init(&fba, buffer, size) == FBA_OK);
    free_lists_init(&lists, &fba);
    failing_init(&failing, with_lists ? free_lists_allocator(&lists) : fba_allocator(&fba));
    heap = failing_allocator(&failing);
    live = live_most = 0;
}

static void count(size_t less, size_t more)
{
    live = live - less + more;
    if (live > live_most)
        live_most = live;
}

void *heap_malloc(size_t size)
{
    void *block = header_malloc(&heap, size);

    count(0, block ? size : 0);
    return block;
}

void *heap_realloc(void *block, size_t size)
{
    size_t old_size = block ? header_size(block) : 0;
    void *moved = header_realloc(&heap, block, size);

    if (moved || size == 0)
        count(old_size, size);
    return moved;
}

void heap_free(void *block)
{
    count(block ? header_size(block) : 0, 0);
    header_free(&heap, block);
}

size_t heap_size(void *block)
{
    return block ? header_size(block) : 0;
}

void *heap_resize(void *block, size_t old_size, size_t new_size)
{
    size_t align = _Alignof(max_align_t);
    size_t held = block ? old_size : 0;
    void *moved = block;

    if (new_size == 0) {
        allocator_free(&heap, block, held, align);
        moved = NULL;
    } else if (!block || !allocator_resize(&heap, block, held, new_size, align)) {
        moved = allocator_alloc(&heap, new_size, align);
        if (!moved)
            return NULL;
        if (block)
            memcpy(moved, block, held < new_size ? held : new_size);
        allocator_free(&heap, block, held, align);
    }
    count(held, new_size);
    return moved;
}

// --- Runs ----------------------------------------------------------------------------------------

#define EXIT_WRONG 3

_Noreturn void check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    _exit(EXIT_WRONG);
}

struct run {
    const char *kind;
    size_t at;          // the number of what fails, or the size of the buffer: as it is told
    size_t size;        // of the buffer
    size_t fail_alloc;  // 0: none
    size_t fail_resize; // 0: none
    bool onwards;
};

// What came of the runs, in memory that the end of a child leaves to its parent.
struct results {
    size_t next; // run
    size_t right, failed;
};

static void tell(const struct run *run, const char *what)
{
    printf("fault|%s %zu|%s\n", run->kind, run->at, what);
    fflush(stdout);
}

static void do_run(const struct run *run, struct results *results)
{
    open_heap(run->size, true);
    failing.fail_alloc = run->fail_alloc;
    failing.fail_resize = run->fail_resize;
    failing.onwards = run->onwards;
    if (library_work())
        results->right++;
    else
        results->failed++;
    if (failing.blocks != 0)
        tell(run, "lost memory");
}

// Does all in a child, and those behind a run that ended the child in another one.
static void do_runs(const struct run *runs, size_t number, struct results *results)
{
    while (results->next < number) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            for (; results->next < number; results->next++) {
                alarm(SECONDS_A_RUN);
                do_run(&runs[results->next], results);
            }
            _exit(EXIT_SUCCESS);
        }
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        if (WIFSIGNALED(status))
            tell(&runs[results->next++], strsignal(WTERMSIG(status)));
        else if (WEXITSTATUS(status) != EXIT_SUCCESS)
            tell(&runs[results->next++], "wrong result");
    }
}

// The buffer that the work needs, on a heap with or without lists: it is done again in just that.
static size_t needed(bool with_lists)
{
    size_t most;

    open_heap(BUFFER_SIZE, with_lists);
    CHECK(library_work() && failing.blocks == 0 && live == 0);
    most = fba_peak(&fba);
    open_heap(most, with_lists);
    CHECK(library_work() && failing.blocks == 0 && fba_peak(&fba) == most);
    return most;
}

int main(void)
{
    size_t plain = needed(false);
    size_t with_lists = needed(true);
    size_t allocs = failing.allocs;
    size_t resizes = failing.resizes;
    size_t number = 0;
    struct run *runs = calloc(2 * (allocs + resizes) + SIZES, sizeof *runs);
    struct results *results =
        mmap(NULL, sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(runs && results != MAP_FAILED);
    for (size_t at = 1; at <= allocs; at++) {
        runs[number++] = (struct run){"allocation", at, BUFFER_SIZE, at, 0, false};
        runs[number++] = (struct run){"allocations from", at, BUFFER_SIZE, at, 0, true};
    }
    for (size_t at = 1; at <= resizes; at++) {
        runs[number++] = (struct run){"resize", at, BUFFER_SIZE, 0, at, false};
        runs[number++] = (struct run){"resizes from", at, BUFFER_SIZE, 0, at, true};
    }
    for (size_t part = 0; part < SIZES; part++) {
        size_t size = with_lists / SIZES * part;
        runs[number++] = (struct run){"a buffer of", size, size, 0, 0, false};
    }
    do_runs(runs, number, results);
    printf("figures|%zu|%zu|%zu|%zu|%zu|%zu|%zu\n", allocs, live_most, with_lists, plain, number,
           results->failed, results->right);
    free(runs);
    return 0;
}
