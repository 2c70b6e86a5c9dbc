// SPDX-License-Identifier: MIT
// Fuzz target: the fba against its model, anywhere in the address space, with any arguments. The
// first bytes choose the buffer, the rest the operations.
#include "tests/fuzz/input.h"
#include "tests/model/lockstep.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_OPERATIONS 64

static struct lockstep lockstep;
static struct operation history[MOST_OPERATIONS];
static size_t history_length;
_Alignas(64) static unsigned char bytes_of_buffer[2 * LOCKSTEP_MEMORY];

static const struct model *model(void)
{
    return lockstep_model(&lockstep);
}

static void stop(const struct difference *difference)
{
    fprintf(stderr, "buffer of %#zx bytes now at %#llx\n", model_capacity(model()),
            (unsigned long long)model()->base);
    for (size_t i = 0; i < history_length; i++)
        lockstep_print_operation(&history[i]);
    lockstep_print_difference(difference);
    abort();
}

static size_t any_size(struct input *input)
{
    uint8_t byte = input_byte(input);

    if (byte < 128)
        return byte;
    switch (byte & 7) {
    case 0:
        return SIZE_MAX - (byte >> 3 & 15);
    case 1:
        return model_capacity(model()) + (byte >> 3 & 15) - 8;
    case 2:
        return (size_t)1 << (input_byte(input) % (8 * sizeof(size_t)));
    case 3:
        return fba_available(&lockstep.parts[lockstep.current].fba, 1) + (byte >> 3 & 15) - 8;
    case 4:
        return 0 - (size_t)model()->next + (byte >> 3 & 15) - 8; // to the address space's end
    default:
        return input_word(input);
    }
}

static size_t any_align(struct input *input)
{
    uint8_t byte = input_byte(input);

    if (byte < 192)
        return (size_t)1 << (byte % 8);
    if (byte < 240)
        return (size_t)1 << (byte % (8 * sizeof(size_t)));
    return any_size(input);
}

static size_t any_address(struct input *input)
{
    uint8_t byte = input_byte(input);

    switch (byte & 3) {
    case 0:
        return (size_t)model()->base + (byte >> 2) - 8;
    case 1:
        return (size_t)model()->end + (byte >> 2) - 32;
    case 2:
        return (size_t)model()->next + (byte >> 2) - 32;
    default:
        return byte == 3 ? 0 : input_word(input);
    }
}

// A block mostly as its owner would name it, sometimes not.
static void any_block(struct input *input, size_t *address, size_t *size)
{
    uint8_t byte = input_byte(input);

    if (byte < 224 && model()->block_count > 0) {
        // The newest blocks more often: they are the ones that can be given back.
        size_t age = byte % 4 == 3 ? byte / 4 % model()->block_count : 0;
        const struct model_block *block = &model()->blocks[model()->block_count - 1 - age];
        *address = block->start;
        *size = block->size;
        return;
    }
    *address = any_address(input);
    *size = any_size(input);
}

static struct operation any_operation(struct input *input)
{
    struct operation operation = {.kind =
                                      (enum operation_kind)(input_byte(input) % OPERATION_KINDS)};

    switch (operation.kind) {
    case OPERATION_FREE:
    case OPERATION_SCRATCH_FREE:
    case OPERATION_FREE_INLINE:
    case OPERATION_RESIZE:
    case OPERATION_RESIZE_INLINE:
    case OPERATION_REMAP:
    case OPERATION_REALLOC:
        any_block(input, &operation.a, &operation.b);
        if (operation.kind == OPERATION_REALLOC && input_byte(input) > 250)
            operation.a = operation.b = 0;
        operation.c = any_size(input);
        operation.d = any_align(input);
        break;
    case OPERATION_MARK:
    case OPERATION_SCRATCH_MARK:
    case OPERATION_REWIND:
    case OPERATION_KEEP:
        operation.a = input_byte(input) % (MODEL_MARKS + 1);
        break;
    case OPERATION_REBASE:
    case OPERATION_HANDOVER:
        operation.a = lockstep.memory ? (size_t)model()->base : any_address(input);
        break;
    case OPERATION_SEAL:
        operation.a = any_align(input);
        break;
    default:
        operation.a = any_size(input);
        operation.b = any_align(input);
        operation.c = any_size(input);
        break;
    }
    return operation;
}

static bool open_buffer(struct input *input, struct difference *difference)
{
    uint8_t byte = input_byte(input);
    uint8_t size = input_byte(input);
    const uintptr_t highest_end = UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD + 1;

    switch (byte & 3) {
    case 0: {
        unsigned char *memory = bytes_of_buffer + (byte >> 3);
        return lockstep_open(&lockstep, (uintptr_t)memory, size % (LOCKSTEP_MEMORY + 1), memory,
                             byte & 4, difference);
    }
    case 1:
        return lockstep_open(&lockstep, 1 + (byte >> 3), size, NULL, byte & 4, difference);
    case 2:
        return lockstep_open(&lockstep, highest_end - (byte >> 3) - size, size, NULL, byte & 4,
                             difference);
    default:
        break;
    }
    if (byte & 4)
        return lockstep_open(&lockstep, input_word(input), input_word(input), NULL, size & 1,
                             difference);

    // Numbers of an allocator that was exported, or contradictory ones.
    struct fba_numbers numbers = {input_word(input), size, 0, 0, 0};
    numbers.peak = numbers.used + input_byte(input);
    numbers.high = numbers.used + input_byte(input);
    numbers.low = (byte & 8) ? input_byte(input) : numbers.size - input_byte(input);
    uintptr_t base = input_word(input);
    lockstep_not_ready(&lockstep);
    return lockstep_adopt(&lockstep, base, &numbers, difference) &&
           lockstep_compare(&lockstep, difference);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    struct difference difference;

    history_length = 0;
    if (!open_buffer(&input, &difference))
        stop(&difference);
    while (input.left > 0 && history_length < MOST_OPERATIONS) {
        struct operation operation = any_operation(&input);
        if (!lockstep_can(&lockstep, &operation))
            continue;
        history[history_length++] = operation;
        if (!lockstep_step(&lockstep, &operation, &difference) ||
            !lockstep_compare(&lockstep, &difference))
            stop(&difference);
    }
    return 0;
}
