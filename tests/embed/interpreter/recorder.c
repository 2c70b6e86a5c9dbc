// SPDX-License-Identifier: MIT
// recorder: records what a program on glibc allocates and frees, without changing it. A shared
// object for LD_PRELOAD; the trace goes to the file that RECORDER_TRACE names:
//
//     a ADDRESS SIZE       an allocation; numbers are hexadecimal
//     r OLD NEW SIZE       a block became one of another size, mostly elsewhere; OLD is 0 for none
//     f ADDRESS            a free, also of a block that no line before has
//
// What libraries allocate for themselves, such as the buffers of stdio, is left out: the caller
// tells whose a call is.
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// What glibc's own functions are called beside their standard names.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static int trace = -1;
static uintptr_t code_start, code_end; // of the program itself

// Of all objects the program comes first: its code is found, and the walk ends.
static int find_code(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            code_start = object->dlpi_addr + segment->p_vaddr;
            code_end = code_start + segment->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void open_trace(void)
{
    const char *file = getenv("RECORDER_TRACE");

    dl_iterate_phdr(find_code, NULL);
    if (file)
        trace = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static bool is_recorded(const void *block, const void *caller)
{
    return trace >= 0 && block && (uintptr_t)caller - code_start < code_end - code_start;
}

void *malloc(size_t size)
{
    void *block = __libc_malloc(size);

    if (is_recorded(block, __builtin_return_address(0)))
        dprintf(trace, "a %zx %zx\n", (size_t)block, size);
    return block;
}

void *calloc(size_t nmemb, size_t size)
{
    void *block = __libc_calloc(nmemb, size);

    if (is_recorded(block, __builtin_return_address(0)))
        dprintf(trace, "a %zx %zx\n", (size_t)block, nmemb * size);
    return block;
}

void *realloc(void *ptr, size_t size)
{
    size_t old = (size_t)ptr; // as a number: the block may be gone
    void *moved = __libc_realloc(ptr, size);

    if (is_recorded(moved, __builtin_return_address(0)))
        dprintf(trace, "r %zx %zx %zx\n", old, (size_t)moved, size);
    return moved;
}

void free(void *ptr)
{
    if (is_recorded(ptr, __builtin_return_address(0)))
        dprintf(trace, "f %zx\n", (size_t)ptr);
    __libc_free(ptr);
}
