// SPDX-License-Identifier: MIT
// memcpy, memmove, memset and memcmp for the kernel. Copies and fills are string instructions, of
// eight bytes each but for the last seven: fast enough on every x86_64, and a loop in C would be
// compiled into a call of the very function that it implements.
#include "arch/x86_64/string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)

// Also where the two overlap and `to` is the lower: each byte is read before it is written over.
static void copy_upwards(void *to, const void *from, size_t size)
{
    size_t words = size / WORD;
    size_t bytes = size % WORD;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

void *(memcpy)(void *restrict to, const void *restrict from, size_t size)
{
    copy_upwards(to, from, size);
    return to;
}

// For the others: from the last byte on, after which whole words are left.
static void copy_downwards(void *to, const void *from, size_t size)
{
    size_t words = size / WORD;
    size_t bytes = size % WORD;
    unsigned char *to_last = (unsigned char *)to + size - 1;
    const unsigned char *from_last = (const unsigned char *)from + size - 1;

    __asm__ volatile("std\n\trep movsb\n\tcld"
                     : "+D"(to_last), "+S"(from_last), "+c"(bytes)
                     :
                     : "memory", "cc");
    to_last -= WORD - 1;
    from_last -= WORD - 1;
    __asm__ volatile("std\n\trep movsq\n\tcld"
                     : "+D"(to_last), "+S"(from_last), "+c"(words)
                     :
                     : "memory", "cc");
}

void *memmove(void *to, const void *from, size_t size)
{
    // One unsigned comparison: a destination below the source gives a huge difference.
    if ((uintptr_t)to - (uintptr_t)from >= size)
        copy_upwards(to, from, size);
    else
        copy_downwards(to, from, size);
    return to;
}

void *(memset)(void *to, int byte, size_t size)
{
    void *at = to;
    uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);
    size_t words = size / WORD;
    size_t bytes = size % WORD;

    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left;
    const unsigned char *b = right;
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i])
            return a[i] - b[i];
    return 0;
}
