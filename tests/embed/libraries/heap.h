// SPDX-License-Identifier: MIT
// heap: what a library is given in the place of malloc, over one fixed buffer. For interfaces whose
// free is told no size there is a header before each block; Lua says the size, and needs none.
#ifndef TESTS_EMBED_LIBRARIES_HEAP_H
#define TESTS_EMBED_LIBRARIES_HEAP_H

#include <stdbool.h>
#include <stddef.h>

void *heap_malloc(size_t size);
void *heap_realloc(void *block, size_t size);
void heap_free(void *block);
size_t heap_size(void *block);

// realloc and free in one, told the size: NULL is a block of none, and to no bytes it frees.
void *heap_resize(void *block, size_t old_size, size_t new_size);

// Does some work with a library and gives back all its memory. True: what came out is right; false:
// the library said that it failed. Ends the program if neither is so.
bool library_work(void);

// Ends the program, with the place and the condition, if that does not hold.
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
_Noreturn void check_failed(const char *file, int line, const char *condition);

#endif
