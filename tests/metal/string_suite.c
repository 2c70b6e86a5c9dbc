// SPDX-License-Identifier: MIT
// What arch/x86_64/string.h promises: the four functions that every compiler counts on. On the host
// they are the C library's, so these are tested here.
#include "arch/x86_64/string.h"
#include "tests/metal/metal.h"

#define ROOM 96
#define MOST 40

static unsigned char buffer[ROOM], model[ROOM];

// Volatile, so that the compiler calls them and puts nothing in their place.
static void *(*volatile const copy)(void *restrict, const void *restrict, size_t) = memcpy;
static void *(*volatile const move)(void *, const void *, size_t) = memmove;
static void *(*volatile const set)(void *, int, size_t) = memset;
static int (*volatile const compare)(const void *, const void *, size_t) = memcmp;

static void fill(void)
{
    for (size_t i = 0; i < ROOM; i++)
        buffer[i] = model[i] = (unsigned char)(i * 7 + 1);
}

static bool is_as_model(void)
{
    for (size_t i = 0; i < ROOM; i++)
        if (buffer[i] != model[i])
            return false;
    return true;
}

static void copies_take_every_size_at_every_alignment(struct suite_run *run)
{
    for (size_t from = 0; from < 8; from++) {
        for (size_t to = 48; to < 56; to++) {
            for (size_t size = 0; size <= MOST; size++) {
                fill();
                for (size_t i = 0; i < size; i++)
                    model[to + i] = model[from + i];
                CHECK_ADDRESS(run, copy(buffer + to, buffer + from, size), buffer + to);
                CHECK(run, is_as_model());
            }
        }
    }
}

static void moves_may_overlap_either_way(struct suite_run *run)
{
    for (size_t from = 0; from < 24; from++) {
        for (size_t to = 0; to < 24; to++) {
            for (size_t size = 0; size <= MOST; size++) {
                fill();
                for (size_t i = 0; i < size; i++)
                    model[to + i] = (unsigned char)((from + i) * 7 + 1);
                CHECK_ADDRESS(run, move(buffer + to, buffer + from, size), buffer + to);
                CHECK(run, is_as_model());
            }
        }
    }
}

static void setting_takes_the_low_byte(struct suite_run *run)
{
    for (size_t to = 0; to < 8; to++) {
        for (size_t size = 0; size <= MOST; size++) {
            fill();
            for (size_t i = 0; i < size; i++)
                model[to + i] = 0xa5;
            CHECK_ADDRESS(run, set(buffer + to, 0x3a5, size), buffer + to);
            CHECK(run, is_as_model());
        }
    }
}

static void comparing_is_by_unsigned_bytes(struct suite_run *run)
{
    fill();
    CHECK(run, compare(buffer, model, 0) == 0);
    CHECK(run, compare(buffer, model, ROOM) == 0);
    for (size_t i = 0; i < ROOM; i++) {
        buffer[i] = 0xff;
        model[i] = 0x01;
        CHECK(run, compare(buffer, model, i) == 0);
        CHECK(run, compare(buffer, model, ROOM) > 0);
        CHECK(run, compare(model, buffer, i + 1) < 0);
        model[i] = buffer[i];
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(copies_take_every_size_at_every_alignment),
    SUITE_CASE(moves_may_overlap_either_way),
    SUITE_CASE(setting_takes_the_low_byte),
    SUITE_CASE(comparing_is_by_unsigned_bytes),
};
const struct suite string_suite = SUITE("string", cases);
