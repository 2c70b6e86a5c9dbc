// SPDX-License-Identifier: MIT
// pattern: looks at memory that was filled with one byte, a word at a time, for redzone and poison.
// Private: for sources of kmem/ only.
#ifndef KMEM_PATTERN_H
#define KMEM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

// Reads bytes that have any type (GCC manual, "Common Type Attributes").
typedef uintptr_t __attribute__((__may_alias__)) pattern_word;

// The first byte of [start, end) that is not `byte`; NULL if there is none, as in a range that ends
// before it starts.
static inline const void *pattern_first_changed(const unsigned char *start,
                                                const unsigned char *end, unsigned char byte)
{
    const uintptr_t word = UINTPTR_MAX / 0xff * byte;

    if (start >= end)
        return NULL;
    while (start < end && (uintptr_t)start % sizeof word != 0 && *start == byte)
        start++;
    if ((uintptr_t)start % sizeof word == 0) {
        const unsigned char *last = end - (size_t)(end - start) % sizeof word;
        while (start < last && *(const pattern_word *)(const void *)start == word)
            start += sizeof word;
    }
    while (start < end && *start == byte)
        start++;
    return start < end ? start : NULL;
}

#endif
