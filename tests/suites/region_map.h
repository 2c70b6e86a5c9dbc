// SPDX-License-Identifier: MIT
// region_map: a check of a whole region map, entry by entry, for the suites of kmem/region.h and of
// its readers.
#ifndef TESTS_SUITES_REGION_MAP_H
#define TESTS_SUITES_REGION_MAP_H

#include "kmem/region.h"
#include "tests/suites/suite.h"

// Whether the map is exactly these ranges.
static inline void check_entries(struct suite_run *run, const struct region_map *map,
                                 const struct region *wanted, size_t count)
{
    for (size_t i = 0; i < count && i < map->count; i++) {
        CHECK_EQUAL(run, map->entries[i].start, wanted[i].start);
        CHECK_EQUAL(run, map->entries[i].end, wanted[i].end);
        CHECK_EQUAL(run, map->entries[i].kind, wanted[i].kind);
    }
    CHECK_EQUAL(run, map->count, count);
}
#define CHECK_ENTRIES(run, map, ...)                                                               \
    do {                                                                                           \
        const struct region wanted[] = {__VA_ARGS__};                                              \
        check_entries((run), (map), wanted, sizeof wanted / sizeof wanted[0]);                     \
        if ((run)->failed)                                                                         \
            return;                                                                                \
    } while (0)

#endif
