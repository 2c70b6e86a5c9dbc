// SPDX-License-Identifier: MIT
// glibc's obstack as a peer of the bench, over one chunk. Its alignment is one for the whole
// obstack, so it has no mixed workload; its calls are macros, compiled into functions here.
#include <obstack.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define ALLOC(state, size) obstack_alloc((struct obstack *)(state), (int)(size))
#define ALLOC_SIXTEEN(state) ALLOC(state, BENCH_SIZE)
#define FREE(state, block, size) obstack_free((struct obstack *)(state), (block))
// A savepoint is an empty block: all that follows it is freed with it.
#define SAVEPOINT void *
#define MARK(state, savepoint) ((savepoint) = ALLOC(state, 0))
#define REWIND(state, savepoint) obstack_free((struct obstack *)(state), (savepoint))
#include "tests/bench/peers/inline_patterns.h"

static _Alignas(4096) unsigned char memory[BENCH_BUFFER + 4096];
static struct obstack obstack;
static int chunks;
static jmp_buf full;

// The one buffer, then nothing: so that it fails as the others do.
static void *obstack_chunk_alloc(size_t size)
{
    return chunks++ == 0 && size <= sizeof memory ? memory : NULL;
}

static void obstack_chunk_free(void *chunk)
{
    (void)chunk;
}

// obstack asks for a handler that does not return.
static _Noreturn void on_failure(void)
{
    longjmp(full, 1);
}

static void *open_obstack(void)
{
    chunks = 0;
    obstack_alloc_failed_handler = on_failure;
    obstack_begin(&obstack, sizeof memory);
    return &obstack;
}

static void *alloc(void *state, size_t size, size_t align)
{
    (void)align;
    return obstack_alloc((struct obstack *)state, (int)size);
}

static void *try_alloc(void *state, size_t size, size_t align)
{
    if (setjmp(full) != 0)
        return NULL;
    return alloc(state, size, align);
}

static void *alloc_zeroed(void *state, size_t size, size_t align)
{
    return memset(alloc(state, size, align), 0, size);
}

static void free_block(void *state, void *block, size_t size, size_t align)
{
    (void)size;
    (void)align;
    obstack_free((struct obstack *)state, block);
}

static void mark(void *state, void **savepoint)
{
    MARK(state, *savepoint);
}

static void rewind_to(void *state, void **savepoint)
{
    REWIND(state, *savepoint);
}

// A growing object is the obstack's own idea of a list. There is one at a time.
static void *open_list(void *state, size_t index)
{
    (void)index;
    return state;
}

static void push(void *list, const uint64_t *number)
{
    obstack_grow((struct obstack *)list, number, (int)sizeof *number);
}

static void *alloc_in(void *state)
{
    return obstack_alloc((struct obstack *)state, (int)BENCH_SIZE);
}

static void alloc_in_loop(void *state, size_t count)
{
    while (count-- > 0) {
        void *block = obstack_alloc((struct obstack *)state, (int)BENCH_SIZE);
        escape(block);
    }
}

const struct bench_form bench_forms[] = {
    {
        .peer = "glibc obstack",
        .form = "inlined",
        .open = (bench_function)open_obstack,
        .inline_alloc = (bench_function)alloc_in,
        .inline_alloc_loop = (bench_function)alloc_in_loop,
        .inline_deep_loop = (bench_function)deep_loop,
        .inline_frame_loop = (bench_function)frame_loop,
        .inline_temporary_loop = (bench_function)temporary_loop,
        .inline_three_loop = (bench_function)three_loop,
    },
    {
        .peer = "glibc obstack",
        .form = "called",
        .fixed_align = 1,
        .open = (bench_function)open_obstack,
        .alloc = (bench_function)alloc,
        .alloc_or_fail = (bench_function)try_alloc,
        .alloc_zeroed = (bench_function)alloc_zeroed,
        .free = (bench_function)free_block,
        .mark = (bench_function)mark,
        .rewind = (bench_function)rewind_to,
        .list = (bench_function)open_list,
        .push = (bench_function)push,
    },
    {.peer = NULL},
};
