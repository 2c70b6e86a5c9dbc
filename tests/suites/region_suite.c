// SPDX-License-Identifier: MIT
// What kmem/region.h promises: by hand for each rule, and by generated maps, compared byte by byte
// with a model that knows nothing of ranges.
#include "tests/suites/region_map.h"

#include "kmem/region.h"

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PAGE UINT64_C(4096)
#define END UINT64_MAX

static struct region entries[128];
static struct region_map map;

static void open_map(size_t capacity)
{
    region_init(&map, entries, capacity);
}

static void neighbours_of_a_kind_are_one_range(struct suite_run *run)
{
    open_map(3);
    region_add(&map, 0x3000, 0x1000, REGION_USABLE);
    region_add(&map, 0x5000, 0x1000, REGION_RESERVED);
    region_add(&map, 0x1000, 0x1000, REGION_USABLE);
    CHECK_ENTRIES(run, &map, {0x1000, 0x2000, REGION_USABLE}, {0x3000, 0x4000, REGION_USABLE},
                  {0x5000, 0x6000, REGION_RESERVED});
    region_add(&map, 0x2000, 0x1000, REGION_USABLE); // the hole between two, in a full array
    region_add(&map, 0x4000, 0x1000, REGION_RESERVED);
    CHECK_ENTRIES(run, &map, {0x1000, 0x4000, REGION_USABLE}, {0x4000, 0x6000, REGION_RESERVED});
    CHECK_EQUAL(run, map.lacking, 0);
}

static void where_ranges_overlap_the_stricter_kind_wins(struct suite_run *run)
{
    static const struct region added[] = {
        {0x1000, 0x9000, REGION_USABLE},      {0x3000, 0x5000, REGION_RESERVED},
        {0x4000, 0x6000, REGION_RECLAIMABLE}, {0x8000, 0xa000, REGION_TAKEN},
        {0x1000, 0x9000, REGION_USABLE},
    };
    const size_t count = sizeof added / sizeof added[0];

    for (size_t first = 0; first < count; first++) { // whatever comes first
        open_map(9);
        for (size_t i = 0; i < count; i++) {
            const struct region *range = &added[(first + i) % count];
            region_add(&map, range->start, range->end - range->start, range->kind);
        }
        CHECK_ENTRIES(run, &map, {0x1000, 0x3000, REGION_USABLE}, {0x3000, 0x5000, REGION_RESERVED},
                      {0x5000, 0x6000, REGION_RECLAIMABLE}, {0x6000, 0x8000, REGION_USABLE},
                      {0x8000, 0xa000, REGION_TAKEN});
    }
}

static void what_is_set_is_of_that_kind(struct suite_run *run)
{
    open_map(5);
    region_add(&map, 0x1000, 0x8000, REGION_TAKEN);
    region_set(&map, 0x3000, 0x2000, REGION_USABLE);
    region_set(&map, 0x8000, 0x2000, REGION_USABLE);
    CHECK_ENTRIES(run, &map, {0x1000, 0x3000, REGION_TAKEN}, {0x3000, 0x5000, REGION_USABLE},
                  {0x5000, 0x8000, REGION_TAKEN}, {0x8000, 0xa000, REGION_USABLE});
    region_set(&map, 0, 0x10000, REGION_RESERVED);
    CHECK_ENTRIES(run, &map, {0, 0x10000, REGION_RESERVED});
}

static void ranges_of_no_bytes_are_nothing(struct suite_run *run)
{
    open_map(1);
    region_add(&map, 0x1000, 0, REGION_RESERVED);
    region_add(&map, END, 0, REGION_USABLE);
    region_set(&map, 0, 0, REGION_USABLE);
    CHECK_EQUAL(run, map.count, 0);
    CHECK_EQUAL(run, map.empty, 3);
    CHECK_EQUAL(run, map.cut, 0);
}

static void ranges_that_would_wrap_end_with_the_address_space(struct suite_run *run)
{
    open_map(2);
    region_add(&map, END - 0x1000, 0x1000, REGION_USABLE);
    CHECK_EQUAL(run, map.cut, 0);
    region_add(&map, END - 0xfff, 0x1000, REGION_RESERVED);
    region_add(&map, END - 0xff, END, REGION_RESERVED);
    region_add(&map, END, 1, REGION_RESERVED);
    CHECK_EQUAL(run, map.cut, 3);
    CHECK_ENTRIES(run, &map, {END - 0x1000, END - 0xfff, REGION_USABLE},
                  {END - 0xfff, END, REGION_RESERVED});
}

// What a full array has no room for is a hole, also where the owner of memory is added before it.
static void a_full_array_forgets_memory_and_says_so(struct suite_run *run)
{
    open_map(0);
    region_add(&map, 0, GIB, REGION_USABLE);
    CHECK_EQUAL(run, map.count, 0);
    CHECK_EQUAL(run, map.lacking, 1);

    open_map(1);
    region_add(&map, 0, 0x10000, REGION_USABLE);
    region_add(&map, 0x4000, 0x1000, REGION_RESERVED); // the larger part stays
    CHECK_ENTRIES(run, &map, {0x5000, 0x10000, REGION_USABLE});
    CHECK_EQUAL(run, map.lacking, 1);
    region_add(&map, 0xc000, 0x1000, REGION_TAKEN);
    CHECK_ENTRIES(run, &map, {0x5000, 0xc000, REGION_USABLE});
    CHECK_EQUAL(run, map.lacking, 2);
    region_add(&map, 0, 0x10000, REGION_USABLE); // what it holds that is not, it does not know
    region_set(&map, 0, 0x10000, REGION_USABLE);
    CHECK_ENTRIES(run, &map, {0x5000, 0xc000, REGION_USABLE});
    region_add(&map, 0x4000, 0x2000, REGION_RESERVED);
    CHECK_ENTRIES(run, &map, {0x6000, 0xc000, REGION_USABLE});
    CHECK_EQUAL(run, map.lacking, 2);

    open_map(2);
    region_add(&map, 0x2000, 0x1000, REGION_USABLE);
    region_add(&map, 0x1000, 0x1000, REGION_RESERVED);
    region_add(&map, 0x4000, 0x1000, REGION_RESERVED);
    CHECK_ENTRIES(run, &map, {0x1000, 0x2000, REGION_RESERVED}, {0x2000, 0x3000, REGION_USABLE});
    CHECK_EQUAL(run, map.lacking, 1);
}

static void what_was_read_becomes_usable(struct suite_run *run)
{
    open_map(8);
    region_reclaim(&map);
    region_add(&map, 0, 0x1000, REGION_RECLAIMABLE);
    region_add(&map, 0x1000, 0x1000, REGION_USABLE);
    region_add(&map, 0x2000, 0x1000, REGION_RECLAIMABLE);
    region_add(&map, 0x3000, 0x1000, REGION_RESERVED);
    region_add(&map, 0x4000, 0x1000, REGION_RECLAIMABLE);
    region_add(&map, 0x6000, 0x1000, REGION_RECLAIMABLE);
    region_add(&map, 0x7000, 0x1000, REGION_USABLE);
    region_reclaim(&map);
    CHECK_ENTRIES(run, &map, {0, 0x3000, REGION_USABLE}, {0x3000, 0x4000, REGION_RESERVED},
                  {0x4000, 0x5000, REGION_USABLE}, {0x6000, 0x8000, REGION_USABLE});
}

static bool take(uint64_t size, uint64_t align, uint64_t lowest, uint64_t limit, uint64_t *start)
{
    const struct region_request request = {size, align, lowest, limit};

    return region_take(&map, &request, start);
}

static void a_heap_gets_the_lowest_place_that_it_fits_into(struct suite_run *run)
{
    uint64_t start = 1;

    open_map(16);
    region_add(&map, 0x1000, 639 * KIB - 0x1000, REGION_USABLE);
    region_add(&map, MIB, GIB, REGION_USABLE);
    region_add(&map, 5 * MIB, MIB, REGION_TAKEN); // the image
    region_add(&map, 4 * GIB, 4 * GIB, REGION_USABLE);
    CHECK(run, take(64 * KIB, 64 * KIB, 0, 4 * GIB, &start));
    CHECK_EQUAL(run, start, 64 * KIB);
    CHECK(run, take(64 * KIB, 1, 0, 4 * GIB, &start));
    CHECK_EQUAL(run, start, 128 * KIB);
    CHECK(run, take(60 * KIB, 1, 0, 4 * GIB, &start)); // exactly what was left below
    CHECK_EQUAL(run, start, 4 * KIB);
    CHECK(run, take(4 * MIB, 1, MIB, 4 * GIB, &start));
    CHECK_EQUAL(run, start, MIB);
    CHECK(run, take(4 * MIB, 2 * MIB, MIB, 4 * GIB, &start));
    CHECK_EQUAL(run, start, 6 * MIB);
    CHECK(run, take(2 * GIB, PAGE, 0, END, &start));
    CHECK_EQUAL(run, start, 4 * GIB);
    CHECK(run, take(PAGE, PAGE, 7 * GIB + 1, END, &start));
    CHECK_EQUAL(run, start, 7 * GIB + PAGE);
}

static void a_heap_that_fits_nowhere_changes_nothing(struct suite_run *run)
{
    uint64_t start = 1;

    open_map(16);
    region_add(&map, 0x1800, 0x10000, REGION_USABLE);
    region_add(&map, 0x20000, 0x10000, REGION_RECLAIMABLE);
    region_add(&map, END - 0x17ff, 0x17ff, REGION_USABLE);
    CHECK(run, !take(0, 1, 0, END, &start));
    CHECK(run, !take(1, 0, 0, END, &start));
    CHECK(run, !take(1, 3, 0, END, &start));
    CHECK(run, !take(1, 1, 0, 0, &start));
    CHECK(run, !take(1, 1, 0, 0x1800, &start));
    CHECK(run, !take(1, 1, 0x11800, 0x30000, &start));
    CHECK(run, !take(0x10001, 1, 0, END, &start));
    CHECK(run, !take(0x10000, 0x1000, 0, END, &start));
    CHECK(run, !take(END, 1, 0, END, &start));
    CHECK(run, !take(1, UINT64_C(1) << 63, 1, END, &start));
    CHECK(run, !take(0x1000, 0x1000, 0x20000, END, &start)); // all but the last byte is there
    CHECK_EQUAL(run, start, 1);
    CHECK_ENTRIES(run, &map, {0x1800, 0x11800, REGION_USABLE},
                  {0x20000, 0x30000, REGION_RECLAIMABLE}, {END - 0x17ff, END, REGION_USABLE});
}

static void the_rest_goes_away_in_whole_granules(struct suite_run *run)
{
    struct region range = {0, 0, 0};

    open_map(16);
    region_add(&map, 0x0800, 0x1000, REGION_USABLE); // no whole page
    region_add(&map, 0x2800, 0x3000, REGION_USABLE);
    region_add(&map, 0x6000, 0x1000, REGION_TAKEN);
    region_add(&map, 0x7000, 0x1000, REGION_USABLE);
    region_add(&map, END - 0xfff, 0xfff, REGION_USABLE);
    CHECK(run, !region_next(&map, 0, &range));
    CHECK(run, !region_next(&map, 0x3000, &range));
    CHECK(run, region_next(&map, PAGE, &range));
    CHECK(run, range.start == 0x3000 && range.end == 0x5000);
    CHECK(run, region_next(&map, PAGE, &range));
    CHECK(run, range.start == 0x7000 && range.end == 0x8000);
    CHECK(run, !region_next(&map, PAGE, &range));
    CHECK(run, range.start == 0x7000 && range.end == 0x8000);
}

// ── Generated maps ──────────────────────────────────────────────────────────────────────────────

// The model has the kind of each of so many bytes from `base` on; a hole is none.
#define BYTES 96
#define HOLE UINT32_MAX
#define STEPS 24
#define SEEDS 100

static uint64_t base;
static uint32_t model[BYTES];

static uint32_t kind_at(uint64_t address)
{
    for (size_t i = 0; i < map.count; i++)
        if (map.entries[i].start <= address && address < map.entries[i].end)
            return map.entries[i].kind;
    return HOLE;
}

static void check_against_model(struct suite_run *run)
{
    for (size_t i = 0; i < map.count; i++) {
        const struct region *entry = &map.entries[i];
        CHECK(run, entry->start < entry->end);
        CHECK(run, i == 0 || entry[-1].end < entry->start ||
                       (entry[-1].end == entry->start && entry[-1].kind != entry->kind));
    }
    for (size_t i = 0; i < BYTES; i++) {
        uint32_t kind = kind_at(base + i);
        if (map.lacking == 0)
            CHECK_EQUAL(run, kind, model[i]);
        else // it has forgotten memory, and made none of it usable
            CHECK(run, kind != REGION_USABLE || model[i] == REGION_USABLE);
    }
}

static bool model_fits(size_t first, uint64_t size)
{
    bool fits = size <= BYTES - first;

    for (size_t i = first; fits && i < first + size; i++)
        fits = model[i] == REGION_USABLE;
    return fits;
}

static void step_take(struct suite_run *run, uint64_t *random)
{
    const struct region_request request = {
        .size = suite_random_below(random, 12) + 1,
        .align = (size_t)1 << suite_random_below(random, 5),
        .lowest = base,
        .limit = base + BYTES,
    };
    uint64_t start = 0;
    bool is_taken = region_take(&map, &request, &start);
    size_t lowest = 0;

    while (lowest < BYTES &&
           (((base + lowest) & (request.align - 1)) != 0 || !model_fits(lowest, request.size)))
        lowest++;
    CHECK(run, map.lacking > 0 || is_taken == (lowest < BYTES));
    CHECK(run, map.lacking > 0 || !is_taken || start == base + lowest);
    if (!is_taken)
        return;
    CHECK(run, (start & (request.align - 1)) == 0 && start >= base && start < base + BYTES);
    CHECK(run, model_fits((size_t)(start - base), request.size));
    for (size_t i = 0; i < request.size; i++)
        model[start - base + i] = REGION_TAKEN;
}

static void step_add(uint64_t *random)
{
    static const uint32_t kinds[] = {REGION_USABLE, REGION_USABLE, REGION_RECLAIMABLE,
                                     REGION_RESERVED};
    uint32_t kind = kinds[suite_random_below(random, 4)];
    bool is_set = suite_random_below(random, 8) == 0;
    size_t first = suite_random_below(random, BYTES);
    size_t size = suite_random_below(random, suite_random_below(random, 2) != 0 ? 12 : BYTES);

    if (size > BYTES - first)
        size = BYTES - first;
    for (size_t i = first; i < first + size; i++)
        if (is_set || model[i] == HOLE || kind > model[i])
            model[i] = kind;
    if (is_set)
        region_set(&map, base + first, size, kind);
    else
        region_add(&map, base + first, size, kind);
}

// All that is usable in the map goes away in granules, once.
static void check_next(struct suite_run *run, uint64_t granule)
{
    struct region range = {0, 0, 0};
    uint64_t before = 0;

    for (size_t i = 0; i < BYTES; i++) {
        // Where a granule begins whose bytes are all usable.
        uint64_t at = base + i;
        bool is_whole = (at & (granule - 1)) == 0 && granule <= BYTES - i;
        for (size_t k = 0; is_whole && k < granule; k++)
            is_whole = kind_at(at + k) == REGION_USABLE;
        if (!is_whole)
            continue;
        if (at >= range.end) {
            before = range.end;
            CHECK(run, region_next(&map, granule, &range));
            CHECK(run, range.start == at && range.start >= before);
        }
        CHECK(run, granule <= range.end - at);
    }
    CHECK(run, !region_next(&map, granule, &range));
}

// Runs a repeatable sequence on a map of this capacity; returns the most entries that it had.
static size_t run_sequence(struct suite_run *run, size_t seed, size_t capacity)
{
    uint64_t random = seed;
    size_t most = 0;

    open_map(capacity);
    for (size_t i = 0; i < BYTES; i++)
        model[i] = HOLE;
    for (size_t i = 0; i < STEPS && !run->failed; i++) {
        if (suite_random_below(&random, 8) == 0)
            step_take(run, &random);
        else
            step_add(&random);
        check_against_model(run);
        most = map.count > most ? map.count : most;
    }
    check_next(run, (size_t)1 << seed % 5);
    return most;
}

static void check_sequences(struct suite_run *run, uint64_t at)
{
    base = at;
    for (size_t seed = 1; seed <= SEEDS && !run->failed; seed++) {
        size_t most = run_sequence(run, seed, 2 * STEPS - 1);
        CHECK(run, map.lacking == 0 && map.empty + map.cut <= STEPS);
        CHECK_EQUAL(run, run_sequence(run, seed, most), most); // no more, not even in between
        CHECK_EQUAL(run, map.lacking, 0);
        for (size_t capacity = 0; capacity < most && !run->failed; capacity += 2) {
            run_sequence(run, seed, capacity);
            CHECK(run, map.lacking > 0);
        }
        if (run->failed)
            writer_print(run->writer, "    # sequence %zu at 0x%llx\n", seed,
                         (unsigned long long)base);
    }
}

static void generated_maps_are_those_of_the_model(struct suite_run *run)
{
    check_sequences(run, 0);
    check_sequences(run, 4 * GIB - BYTES / 2);
    check_sequences(run, END - BYTES);
}

static const struct suite_case cases[] = {
    SUITE_CASE(neighbours_of_a_kind_are_one_range),
    SUITE_CASE(where_ranges_overlap_the_stricter_kind_wins),
    SUITE_CASE(what_is_set_is_of_that_kind),
    SUITE_CASE(ranges_of_no_bytes_are_nothing),
    SUITE_CASE(ranges_that_would_wrap_end_with_the_address_space),
    SUITE_CASE(a_full_array_forgets_memory_and_says_so),
    SUITE_CASE(what_was_read_becomes_usable),
    SUITE_CASE(a_heap_gets_the_lowest_place_that_it_fits_into),
    SUITE_CASE(a_heap_that_fits_nowhere_changes_nothing),
    SUITE_CASE(the_rest_goes_away_in_whole_granules),
    SUITE_CASE(generated_maps_are_those_of_the_model),
};
const struct suite region_suite = SUITE("region", cases);
