// SPDX-License-Identifier: MIT
// memcpy, memmove and memset, all that kmem/ needs from outside, for any processor.
#include <stddef.h>
#include <stdint.h>

// A compiler would turn a loop that copies or fills into a call of the very function that it is in.
#define STAY_A_LOOP() __asm__ volatile("" : : : "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return memmove(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    // One unsigned comparison: a destination below the source gives a huge difference.
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        for (size_t i = 0; i < size; i++) {
            target[i] = source[i];
            STAY_A_LOOP();
        }
    } else {
        for (size_t i = size; i > 0; i--) {
            target[i - 1] = source[i - 1];
            STAY_A_LOOP();
        }
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *target = to;

    for (size_t i = 0; i < size; i++) {
        target[i] = (unsigned char)value;
        STAY_A_LOOP();
    }
    return to;
}
