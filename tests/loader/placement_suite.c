// SPDX-License-Identifier: MIT
// What boot/loader/placement.h promises, against a search of every address.
#include "boot/loader/placement.h"
#include "tests/boot/efi_memory.h"
#include "tests/loader/suites.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)

#define MOST 8
static struct descriptor descriptors[MOST];

static struct memory_map map_of(size_t count)
{
    return (struct memory_map){(unsigned char *)descriptors, count * sizeof descriptors[0],
                               sizeof descriptors[0]};
}

static void set(size_t index, uint32_t type, uint64_t start, uint64_t end)
{
    descriptors[index] = (struct descriptor){type, 0, start, 0, (end - start) / PAGE, WB};
}

static bool fits_at(const struct placement *placement, size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t end = descriptors[i].start + descriptors[i].pages * PAGE;
        if (descriptors[i].type == CONVENTIONAL && address >= descriptors[i].start &&
            address >= placement->lowest && address + placement->size <= end &&
            address + placement->size <= placement->limit)
            return true;
    }
    return false;
}

// Whether the places are exactly those that a search finds, each once.
static void check_places(struct suite_run *run, const struct placement *placement, size_t count)
{
    struct memory_map map = map_of(count);
    uint64_t found = 0;

    for (uint64_t address = 0; address < 64 * MIB; address += placement->align)
        found += fits_at(placement, count, address);
    CHECK_EQUAL(run, placement_count(placement, &map), found);
    for (uint64_t i = 0; i < found; i++) {
        uint64_t address = placement_at(placement, &map, i);
        CHECK_EQUAL(run, address % placement->align, 0);
        CHECK(run, fits_at(placement, count, address));
        for (uint64_t j = 0; j < i; j++)
            CHECK(run, placement_at(placement, &map, j) != address);
    }
}

static void every_place_that_fits_is_one(struct suite_run *run)
{
    struct placement placement = {3 * MIB, 2 * MIB, 2 * MIB, 60 * MIB};

    set(0, CONVENTIONAL, 32 * MIB, 64 * MIB); // cut off by the limit
    set(1, LOADER_DATA, 16 * MIB, 32 * MIB);
    set(2, CONVENTIONAL, PAGE, 9 * MIB); // its start is no place, and below the lowest
    set(3, CONVENTIONAL, 10 * MIB + PAGE, 15 * MIB);
    set(4, CONVENTIONAL, 15 * MIB, 15 * MIB + PAGE);
    check_places(run, &placement, 5);
    for (placement.size = PAGE; placement.size < 8 * MIB && !run->failed;
         placement.size += 321 * PAGE)
        check_places(run, &placement, 5);
}

static void a_range_of_just_the_size_is_one_place(struct suite_run *run)
{
    const struct placement placement = {4 * MIB, 2 * MIB, 2 * MIB, 64 * MIB};
    struct memory_map map = map_of(1);

    set(0, CONVENTIONAL, 6 * MIB, 10 * MIB);
    CHECK_EQUAL(run, placement_count(&placement, &map), 1);
    CHECK_EQUAL(run, placement_at(&placement, &map, 0), 6 * MIB);
    set(0, CONVENTIONAL, 6 * MIB, 10 * MIB - PAGE);
    CHECK_EQUAL(run, placement_count(&placement, &map), 0);
    set(0, CONVENTIONAL, 6 * MIB + PAGE, 12 * MIB);
    CHECK_EQUAL(run, placement_count(&placement, &map), 1);
    CHECK_EQUAL(run, placement_at(&placement, &map, 0), 8 * MIB);
}

static void nothing_wraps_at_the_end_of_the_address_space(struct suite_run *run)
{
    const struct placement placement = {UINT64_MAX - 1, 2 * MIB, 2 * MIB, UINT64_MAX};
    struct memory_map map = map_of(1);

    set(0, CONVENTIONAL, 0, 0);
    descriptors[0].pages = UINT64_MAX;
    CHECK_EQUAL(run, placement_count(&placement, &map), 0);
}

static void a_drawing_can_be_repeated(struct suite_run *run)
{
    uint64_t one = 42, other = 42;

    for (int i = 0; i < 100; i++)
        CHECK_EQUAL(run, placement_draw(&one, 1000), placement_draw(&other, 1000));
    // The first numbers of SplitMix64 for the state 0, as its authors publish them.
    one = 0;
    CHECK_EQUAL(run, placement_draw(&one, UINT64_C(1) << 63),
                UINT64_C(0xe220a8397b1dcdaf) % (UINT64_C(1) << 63));
}

static void every_number_is_as_likely(struct suite_run *run)
{
    static unsigned hits[10];
    uint64_t state = 1;

    memset(hits, 0, sizeof hits);
    for (int i = 0; i < 100000; i++)
        hits[placement_draw(&state, 10)]++;
    // Ten thousand each; a standard deviation is 95.
    for (size_t i = 0; i < 10; i++)
        CHECK(run, hits[i] > 9500 && hits[i] < 10500);
    // With two thirds of all numbers, a bare remainder would give the lower half twice as often.
    unsigned low = 0;
    uint64_t count = UINT64_MAX / 3 * 2;
    for (int i = 0; i < 10000; i++)
        low += placement_draw(&state, count) < count / 2;
    CHECK(run, low > 4700 && low < 5300);
    for (int i = 0; i < 100; i++)
        CHECK_EQUAL(run, placement_draw(&state, 1), 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(every_place_that_fits_is_one),
    SUITE_CASE(a_range_of_just_the_size_is_one_place),
    SUITE_CASE(nothing_wraps_at_the_end_of_the_address_space),
    SUITE_CASE(a_drawing_can_be_repeated),
    SUITE_CASE(every_number_is_as_likely),
};
const struct suite placement_suite = SUITE("placement", cases);
