// SPDX-License-Identifier: MIT
// The counting and drawing of placement.h.
#include "boot/loader/placement.h"

// The addresses in one range: the first, and how many.
struct places {
    uint64_t first, count;
};

static struct places places_in(const struct placement *placement, const struct region *range)
{
    uint64_t start = range->start > placement->lowest ? range->start : placement->lowest;
    uint64_t end = range->end < placement->limit ? range->end : placement->limit;
    uint64_t pad = (placement->align - start % placement->align) % placement->align;

    if (end <= start || end - start < pad || end - start - pad < placement->size)
        return (struct places){0, 0};
    return (struct places){start + pad,
                           (end - start - pad - placement->size) / placement->align + 1};
}

uint64_t placement_count(const struct placement *placement, const struct memory_map *map)
{
    struct region range;
    uint64_t count = 0;

    for (size_t i = 0; memory_map_next_conventional(map, &i, placement->size, &range);)
        count += places_in(placement, &range).count;
    return count;
}

uint64_t placement_at(const struct placement *placement, const struct memory_map *map,
                      uint64_t index)
{
    struct region range;

    for (size_t i = 0; memory_map_next_conventional(map, &i, placement->size, &range);) {
        struct places places = places_in(placement, &range);
        if (index < places.count)
            return places.first + index * placement->align;
        index -= places.count;
    }
    return 0;
}

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
static uint64_t next_number(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t placement_draw(uint64_t *state, uint64_t count)
{
    // A remainder alone would favour small numbers: the numbers above the last whole multiple of
    // `count` are drawn again.
    uint64_t excess = (UINT64_MAX % count + 1) % count;
    uint64_t number = next_number(state);

    while (number > UINT64_MAX - excess)
        number = next_number(state);
    return number % count;
}
