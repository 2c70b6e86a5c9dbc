// SPDX-License-Identifier: MIT
// input: reads the bytes of a fuzz target's input one value after the other; beyond their end
// there are zeros.
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *bytes;
    size_t left;
};

static inline uint8_t input_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->bytes++;
}

static inline size_t input_word(struct input *input)
{
    size_t word = 0;

    for (size_t i = 0; i < sizeof word; i++)
        word = word << 8 | input_byte(input);
    return word;
}

// What libFuzzer calls.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
