// SPDX-License-Identifier: MIT
// string: memcpy, memmove, memset and memcmp, the four functions that gcc and clang may call in
// freestanding code even where the source has no call (GCC manual, "Language Standards Supported by
// GCC"). They behave as C11 7.24 describes. On the host the C library's are linked instead.
#ifndef ARCH_X86_64_STRING_H
#define ARCH_X86_64_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

// A few moves in place of a call where the size is a small constant, which a compiler does not dare
// by itself in freestanding code.
#define memcpy(to, from, size) __builtin_memcpy((to), (from), (size))
#define memset(to, byte, size) __builtin_memset((to), (byte), (size))

#endif
