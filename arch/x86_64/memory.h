// SPDX-License-Identifier: MIT
//
// The four functions that gcc and clang may call in freestanding code, whatever the source says
// (GCC manual, "Language Standards Supported by GCC"). They behave as C11 7.24 describes.
#ifndef ARCH_X86_64_MEMORY_H
#define ARCH_X86_64_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

#endif
