// SPDX-License-Identifier: MIT
// What boot/memory_map.h promises of any firmware's map: by hand for each rule, and by generated
// nasty maps, compared page by page with a model that knows nothing of ranges.
#include "arch/x86_64/string.h"
#include "boot/memory_map.h"
#include "tests/boot/efi_memory.h"
#include "tests/boot/suites.h"

#define PAGE UINT64_C(4096)
#define GIB (UINT64_C(1) << 30)
#define PHYSICAL_END (UINT64_C(1) << 52)

#define MOST_DESCRIPTORS 400
#define MOST_STRIDE 64
static unsigned char buffer[MOST_DESCRIPTORS * MOST_STRIDE];
static unsigned char sorted[sizeof buffer];
static struct memory_map map;
static struct region entries[2 * MOST_DESCRIPTORS];
static struct region_map ranges;

static void start_map(size_t stride)
{
    map = (struct memory_map){buffer, 0, stride};
}

static void add_with(uint32_t type, uint64_t start, uint64_t pages, uint64_t attribute)
{
    const struct descriptor descriptor = {type, 0, start, 0, pages, attribute};
    unsigned char *to = buffer + map.size;

    // What follows the 40 known bytes is the firmware's, and moves with them.
    memset(to, (int)(map.size / map.stride), map.stride);
    memcpy(to, &descriptor, sizeof descriptor);
    map.size += map.stride;
}

static void add(uint32_t type, uint64_t start, uint64_t end)
{
    add_with(type, start, (end - start) / PAGE, WB);
}

static struct descriptor descriptor_at(size_t index)
{
    struct descriptor descriptor;

    memcpy(&descriptor, buffer + index * map.stride, sizeof descriptor);
    return descriptor;
}

static void read_map(void)
{
    region_init(&ranges, entries, sizeof entries / sizeof entries[0]);
    memory_map_read(&map, &ranges);
}

// Whether the map is exactly these ranges.
static void check_ranges(struct suite_run *run, const struct region *wanted, size_t count)
{
    read_map();
    for (size_t i = 0; i < count && i < ranges.count; i++) {
        CHECK_EQUAL(run, entries[i].start, wanted[i].start);
        CHECK_EQUAL(run, entries[i].end, wanted[i].end);
        CHECK_TEXT(run, memory_kind_name(entries[i].kind), memory_kind_name(wanted[i].kind));
    }
    CHECK_EQUAL(run, ranges.count, count);
}
#define CHECK_RANGES(run, ...)                                                                     \
    do {                                                                                           \
        const struct region wanted[] = {__VA_ARGS__};                                              \
        check_ranges((run), wanted, sizeof wanted / sizeof wanted[0]);                             \
        if ((run)->failed)                                                                         \
            return;                                                                                \
    } while (0)

static void an_empty_map_has_no_range(struct suite_run *run)
{
    start_map(48);
    check_ranges(run, NULL, 0);
    struct region largest = memory_map_largest_conventional(&map);
    CHECK(run, largest.start == largest.end);
}

static void neighbours_of_a_kind_come_as_one(struct suite_run *run)
{
    start_map(48);
    add(BOOT_DATA, 0x3000, 0x5000);
    add(CONVENTIONAL, 0x1000, 0x3000);
    add(LOADER_CODE, 0x5000, 0x6000);
    add(RUNTIME_DATA, 0x7000, 0x8000);
    add(RUNTIME_CODE, 0x6000, 0x7000);
    CHECK_RANGES(run, {0x1000, 0x6000, MEMORY_USABLE}, {0x6000, 0x8000, MEMORY_RUNTIME});
}

static void holes_belong_to_no_range(struct suite_run *run)
{
    start_map(40);
    add(CONVENTIONAL, 0x100000, 0x200000);
    add(CONVENTIONAL, 4 * GIB, 5 * GIB);
    add(CONVENTIONAL, 0, 0xa0000);
    CHECK_RANGES(run, {0, 0xa0000, MEMORY_USABLE}, {0x100000, 0x200000, MEMORY_USABLE},
                 {4 * GIB, 5 * GIB, MEMORY_USABLE});
}

static enum memory_kind kind_alone(uint32_t type, uint64_t attribute)
{
    start_map(40);
    add_with(type, PAGE, 1, attribute);
    read_map();
    return ranges.count == 1 ? entries[0].kind : MEMORY_DEVICE;
}

static enum memory_kind expected_kind(uint32_t type, uint64_t attribute)
{
    static const enum memory_kind kinds[] = {
        MEMORY_RESERVED, MEMORY_USABLE,  MEMORY_USABLE, MEMORY_USABLE,   MEMORY_USABLE,
        MEMORY_RUNTIME,  MEMORY_RUNTIME, MEMORY_USABLE, MEMORY_RESERVED, MEMORY_ACPI_RECLAIM,
        MEMORY_ACPI_NVS, MEMORY_DEVICE,  MEMORY_DEVICE, MEMORY_DEVICE,   MEMORY_RESERVED,
    };
    enum memory_kind kind = type < sizeof kinds / sizeof kinds[0] ? kinds[type] : MEMORY_RESERVED;

    if (kind != MEMORY_RESERVED && !(attribute & WB))
        return MEMORY_DEVICE;
    if (kind != MEMORY_USABLE && kind != MEMORY_ACPI_RECLAIM)
        return kind;
    return attribute & RUNTIME           ? MEMORY_RUNTIME
           : attribute & SPECIAL_PURPOSE ? MEMORY_RESERVED
                                         : kind;
}

static void each_type_has_its_kind(struct suite_run *run)
{
    static const uint32_t strangers[] = {15, 16, 0x70000000, UNKNOWN_TYPE, 0x80000000, UINT32_MAX};

    for (uint32_t type = 0; type < 15; type++) {
        CHECK_EQUAL(run, kind_alone(type, WB), expected_kind(type, WB));
        CHECK_EQUAL(run, kind_alone(type, UINT64_MAX & ~(RUNTIME | SPECIAL_PURPOSE)),
                    expected_kind(type, WB));
        CHECK_EQUAL(run, kind_alone(type, UNCACHED), expected_kind(type, UNCACHED));
        CHECK_EQUAL(run, kind_alone(type, 0), expected_kind(type, 0));
    }
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        CHECK_EQUAL(run, kind_alone(strangers[i], WB), MEMORY_RESERVED);
}

// Of memory that would be free: high-bandwidth memory for one, and what runtime services use.
static void attributes_exclude_memory_from_use(struct suite_run *run)
{
    for (uint32_t type = 0; type < 15; type++) {
        for (unsigned i = 0; i < 4; i++) {
            uint64_t attribute = WB | (i & 1 ? RUNTIME : 0) | (i & 2 ? SPECIAL_PURPOSE : 0);
            CHECK_EQUAL(run, kind_alone(type, attribute), expected_kind(type, attribute));
        }
    }
    CHECK_EQUAL(run, kind_alone(CONVENTIONAL, WB | SPECIAL_PURPOSE), MEMORY_RESERVED);
    CHECK_EQUAL(run, kind_alone(BOOT_DATA, WB | RUNTIME), MEMORY_RUNTIME);
    CHECK(run, !memory_map_is_usable(&map, PAGE, PAGE));
    start_map(48); // also where memory that nothing excludes overlaps it
    add(CONVENTIONAL, 0x1000, 0x9000);
    add_with(CONVENTIONAL, 0x4000, 1, WB | SPECIAL_PURPOSE);
    add(CONVENTIONAL, 0x8000, 0xb000);
    struct region largest = memory_map_largest_conventional(&map);
    CHECK(run, largest.start == 0x8000 && largest.end == 0xb000);
}

static void the_direct_map_covers_memory_only(struct suite_run *run)
{
    CHECK(run, memory_kind_is_mapped(MEMORY_USABLE));
    CHECK(run, memory_kind_is_mapped(MEMORY_ACPI_RECLAIM));
    CHECK(run, memory_kind_is_mapped(MEMORY_ACPI_NVS));
    CHECK(run, memory_kind_is_mapped(MEMORY_RUNTIME));
    CHECK(run, !memory_kind_is_mapped(MEMORY_RESERVED));
    CHECK(run, !memory_kind_is_mapped(MEMORY_DEVICE));
}

static void where_descriptors_overlap_the_stricter_wins(struct suite_run *run)
{
    start_map(56);
    add(CONVENTIONAL, 0x1000, 0x9000);
    add(RUNTIME_DATA, 0x3000, 0x5000);
    add(ACPI_TABLES, 0x4000, 0x6000);
    add(RESERVED, 0x8000, 0xa000);
    CHECK_RANGES(run, {0x1000, 0x3000, MEMORY_USABLE}, {0x3000, 0x5000, MEMORY_RUNTIME},
                 {0x5000, 0x6000, MEMORY_ACPI_RECLAIM}, {0x6000, 0x8000, MEMORY_USABLE},
                 {0x8000, 0xa000, MEMORY_RESERVED});

    start_map(40); // one inside the other, with the same start, and the same twice
    add(MAPPED_IO, 0x1000, 0x2000);
    add(CONVENTIONAL, 0x1000, 0x4000);
    add(CONVENTIONAL, 0x1000, 0x4000);
    CHECK_RANGES(run, {0x1000, 0x2000, MEMORY_DEVICE}, {0x2000, 0x4000, MEMORY_USABLE});
}

static void empty_descriptors_count_for_nothing(struct suite_run *run)
{
    start_map(48);
    add(RESERVED, 0x3000, 0x3000);
    add(CONVENTIONAL, 0x1000, 0x5000);
    add(RESERVED, 0, 0);
    add(RESERVED, 0x5000, 0x5000);
    add(RESERVED, UINT64_MAX - 0xfff, UINT64_MAX - 0xfff);
    CHECK_RANGES(run, {0x1000, 0x5000, MEMORY_USABLE});
}

static void what_lies_beyond_52_bits_is_cut_off(struct suite_run *run)
{
    start_map(40);
    add_with(CONVENTIONAL, PHYSICAL_END - 2 * PAGE, UINT64_MAX, WB);
    add_with(RESERVED, PHYSICAL_END, 1, WB);
    add_with(RESERVED, UINT64_MAX - 0xfff, UINT64_MAX, WB);
    add_with(RUNTIME_DATA, 0, UINT64_C(1) << 52, WB); // its length in bytes is 0 modulo 2^64
    CHECK_RANGES(run, {0, PHYSICAL_END, MEMORY_RUNTIME});

    start_map(40);
    add_with(CONVENTIONAL, PHYSICAL_END - 2 * PAGE, 3, WB);
    CHECK_RANGES(run, {PHYSICAL_END - 2 * PAGE, PHYSICAL_END, MEMORY_USABLE});
}

static void ranges_are_whole_pages(struct suite_run *run)
{
    start_map(40);
    add_with(CONVENTIONAL, 0x1800, 3, WB); // [0x1800, 0x4800) holds two whole pages
    add_with(RESERVED, 0x8800, 1, WB);     // [0x8800, 0x9800) touches two
    add_with(CONVENTIONAL, 0xc001, 1, WB); // holds none
    CHECK_RANGES(run, {0x2000, 0x4000, MEMORY_USABLE}, {0x8000, 0xa000, MEMORY_RESERVED});

    start_map(40); // the order of the first bytes is not that of the first whole pages
    add_with(CONVENTIONAL, 0x1001, 2, WB);
    add_with(RESERVED, 0x1002, 1, WB);
    CHECK_RANGES(run, {0x1000, 0x3000, MEMORY_RESERVED});
}

static void sorting_moves_whole_descriptors(struct suite_run *run)
{
    uint64_t random = 1;

    for (size_t count = 0; count <= 64; count++) {
        start_map(41 + count % 20);
        for (size_t i = 0; i < count; i++)
            add_with(CONVENTIONAL, suite_random(&random) % 0x10000000 * PAGE, i, WB);
        memory_map_sort(&map);
        for (size_t i = 0; i < count; i++) {
            // `pages` was its number, and so is every byte behind the descriptor.
            uint64_t number = descriptor_at(i).pages;
            CHECK(run, i == 0 || descriptor_at(i - 1).start <= descriptor_at(i).start);
            CHECK(run, number < count);
            CHECK_BYTES(run, buffer + i * map.stride + sizeof(struct descriptor),
                        map.stride - sizeof(struct descriptor), (unsigned char)number);
            for (size_t j = 0; j < i; j++)
                CHECK(run, descriptor_at(j).pages != number);
        }
        memcpy(sorted, buffer, map.size);
        memory_map_sort(&map);
        CHECK(run, memcmp(sorted, buffer, map.size) == 0);
    }
}

// The order is that of the pages that descriptors stand for, which is not that of their addresses.
static void sorting_looks_at_whole_pages(struct suite_run *run)
{
    start_map(40);
    add_with(CONVENTIONAL, 0x1001, 2, WB); // page 2
    add_with(UNKNOWN_TYPE, 0x1800, 1, WB); // pages 1 and 2
    memory_map_sort(&map);
    CHECK_EQUAL(run, descriptor_at(0).start, 0x1800);
    CHECK_EQUAL(run, descriptor_at(1).start, 0x1001);
}

static void check_next_mapped(struct suite_run *run, struct memory_map_cursor *cursor,
                              uint64_t start, uint64_t end)
{
    struct range memory;

    CHECK(run, memory_map_next_mapped(&map, cursor, &memory));
    CHECK_EQUAL(run, memory.start, start);
    CHECK_EQUAL(run, memory.end, end);
}

static void the_direct_map_covers_neighbours_as_one(struct suite_run *run)
{
    struct memory_map_cursor cursor = {0};
    struct range memory;

    start_map(48);
    add(CONVENTIONAL, 0x0, 0x4000);
    add(ACPI_NVS, 0x4000, 0x5000);
    add(RUNTIME_DATA, 0x5000, 0x9000);
    add(RESERVED, 0x7000, 0x8000); // leaves a part on either side
    add(CONVENTIONAL, 0x7000, 0x8000);
    add(CONVENTIONAL, 0xb000, 0xc000);
    add(CONVENTIONAL, 0xb000, 0xb000);
    check_next_mapped(run, &cursor, 0x0, 0x7000);
    check_next_mapped(run, &cursor, 0x8000, 0x9000);
    check_next_mapped(run, &cursor, 0xb000, 0xc000);
    for (int i = 0; i < 2; i++) {
        CHECK(run, !memory_map_next_mapped(&map, &cursor, &memory));
        CHECK(run, memory.start == memory.end);
    }
}

static void the_largest_conventional_range_overlaps_no_other(struct suite_run *run)
{
    start_map(48);
    add(BOOT_DATA, 0x10000000, 0x90000000);
    add(CONVENTIONAL, 0x1000, 0x9000);
    add(CONVENTIONAL, 0x100000, 0x700000);
    add_with(CONVENTIONAL, 0x90000000, 0x100000, UNCACHED);
    add(CONVENTIONAL, 0x800000, 0x900000);
    struct region largest = memory_map_largest_conventional(&map);
    CHECK_EQUAL(run, largest.start, 0x100000);
    CHECK_EQUAL(run, largest.end, 0x700000);

    add(CONVENTIONAL, 0x100000, 0x700000); // the same twice takes nothing from it
    largest = memory_map_largest_conventional(&map);
    CHECK_EQUAL(run, largest.start, 0x100000);
    add(ACPI_TABLES, 0x6ff000, 0x700000);
    largest = memory_map_largest_conventional(&map);
    CHECK_EQUAL(run, largest.start, 0x800000);
    CHECK_EQUAL(run, largest.end, 0x900000);
    add(RESERVED, 0x900000, 0xa00000); // touches, and does not overlap
    add(RESERVED, 0x7ff000, 0x800000);
    CHECK_EQUAL(run, memory_map_largest_conventional(&map).start, 0x800000);
    add(RESERVED, 0x7ff000, 0x801000);
    CHECK_EQUAL(run, memory_map_largest_conventional(&map).start, 0x1000);

    start_map(40); // the larger one comes later, and lies lower
    add(RESERVED, 0x2000000, 0x2001000);
    add(CONVENTIONAL, 0x2000000, 0x4000000); // claimed by the first of the map
    add(CONVENTIONAL, 0x800000, 0x900000);
    add(CONVENTIONAL, 0x100000, 0x700000);
    CHECK_EQUAL(run, memory_map_largest_conventional(&map).start, 0x100000);

    start_map(40);
    add_with(CONVENTIONAL, 0x1800, 2, WB);
    largest = memory_map_largest_conventional(&map);
    CHECK_EQUAL(run, largest.start, 0x2000);
    CHECK_EQUAL(run, largest.end, 0x3000);
}

static void conventional_ranges_come_in_the_order_of_the_map(struct suite_run *run)
{
    struct region range;
    size_t index = 0;

    start_map(48);
    add(CONVENTIONAL, 0x300000, 0x400000);
    add(LOADER_DATA, 0x100000, 0x200000);
    add(CONVENTIONAL, 0x180000, 0x280000); // claimed
    add(CONVENTIONAL, 0x500000, 0x500000); // empty
    add(CONVENTIONAL, 0x1000, 0x2000);
    add(CONVENTIONAL, 0x8000, 0x9000);
    map.size -= map.stride; // what lies behind the map is no part of it
    CHECK(run, memory_map_next_conventional(&map, &index, 0, &range));
    CHECK_EQUAL(run, range.start, 0x300000);
    CHECK_EQUAL(run, range.end, 0x400000);
    CHECK(run, memory_map_next_conventional(&map, &index, 0, &range));
    CHECK_EQUAL(run, range.start, 0x1000);
    CHECK(run, !memory_map_next_conventional(&map, &index, 0, &range));
    CHECK(run, !memory_map_next_conventional(&map, &index, 0, &range));
    index = 0;
    CHECK(run, memory_map_next_conventional(&map, &index, 0x100000, &range));
    CHECK_EQUAL(run, range.start, 0x300000);
    CHECK(run, !memory_map_next_conventional(&map, &index, 0x1001, &range));
    index = 0;
    CHECK(run, !memory_map_next_conventional(&map, &index, 0x100001, &range));
}

static void usable_memory_may_cross_descriptors(struct suite_run *run)
{
    start_map(48);
    add(CONVENTIONAL, 0x300000, 0x400000);
    add(LOADER_DATA, 0x100000, 0x200000);
    add(BOOT_DATA, 0x180000, 0x300000);
    add(UNKNOWN_TYPE, 0x280000, 0x280000);
    CHECK(run, memory_map_is_usable(&map, 0x100000, 0x300000));
    CHECK(run, memory_map_is_usable(&map, 0x3fffff, 1));
    CHECK(run, !memory_map_is_usable(&map, 0xfffff, 2));
    CHECK(run, !memory_map_is_usable(&map, 0x3fffff, 2));
    CHECK(run, !memory_map_is_usable(&map, 0x200000, 0));
    CHECK(run, !memory_map_is_usable(&map, 0x200000, UINT64_MAX));
    CHECK(run, !memory_map_is_usable(&map, 0x200000, UINT64_MAX - 0x1fffff));
    add(UNKNOWN_TYPE, 0x280000, 0x281000);
    CHECK(run, memory_map_is_usable(&map, 0x100000, 0x180000));
    CHECK(run, memory_map_is_usable(&map, 0x281000, 0x100000));
    CHECK(run, !memory_map_is_usable(&map, 0x280fff, 1));
    CHECK(run, !memory_map_is_usable(&map, 0x100000, 0x300000));
}

// ── Generated maps ──────────────────────────────────────────────────────────────────────────────

// The model looks at so many pages from `base` on; descriptors may lie across its edges.
#define WINDOW_PAGES 160
#define HOLE 0xff

static uint8_t model[WINDOW_PAGES];

// Whether a descriptor covers a byte of the page at `page`, or all of them: without a sum that
// could wrap.
static bool covers_some(const struct descriptor *descriptor, uint64_t page)
{
    if (descriptor->pages == 0 || descriptor->start >= page + PAGE)
        return false;
    return descriptor->start >= page || (page - descriptor->start) / PAGE < descriptor->pages;
}

static bool covers_all(const struct descriptor *descriptor, uint64_t page)
{
    return descriptor->start <= page &&
           (page + PAGE - 1 - descriptor->start) / PAGE < descriptor->pages;
}

static void build_model(uint64_t base)
{
    memset(model, HOLE, sizeof model);
    for (size_t i = 0; i < map.size / map.stride; i++) {
        const struct descriptor descriptor = descriptor_at(i);
        enum memory_kind kind = expected_kind(descriptor.type, descriptor.attribute);
        for (size_t j = 0; j < WINDOW_PAGES && base + j * PAGE < PHYSICAL_END; j++) {
            bool covers = kind == MEMORY_USABLE ? covers_all(&descriptor, base + j * PAGE)
                                                : covers_some(&descriptor, base + j * PAGE);
            if (covers && (model[j] == HOLE || kind > model[j]))
                model[j] = (uint8_t)kind;
        }
    }
}

static void generate(uint64_t *random, uint64_t base, size_t count)
{
    static const size_t strides[] = {40, 41, 48, 56, 64};

    start_map(strides[suite_random(random) % 5]);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = base + suite_random(random) % (WINDOW_PAGES + 8) * PAGE;
        uint64_t pages = suite_random(random) % (count < 32 ? 48 : 4);
        uint32_t type = (uint32_t)(suite_random(random) % 18);
        uint64_t choice = suite_random(random) % 32;
        if (choice == 0)
            pages = UINT64_MAX >> suite_random(random) % 16;
        if (choice < 4 && start < PHYSICAL_END - 2 * WINDOW_PAGES * PAGE)
            start += suite_random(random) % PAGE;
        if (choice == 5)
            start += UINT64_C(1) << (48 + suite_random(random) % 16);
        add_with(type < 16 ? type : UNKNOWN_TYPE, start, pages,
                 choice < 6    ? UNCACHED
                 : choice < 8  ? WB | SPECIAL_PURPOSE
                 : choice < 10 ? WB | RUNTIME
                               : WB);
    }
}

static void check_against_model(struct suite_run *run, uint64_t base)
{
    size_t page = 0;

    for (size_t i = 0; i < ranges.count; i++) {
        const struct region *range = &entries[i];
        CHECK(run, range->start < range->end && range->end <= PHYSICAL_END);
        CHECK(run, range->start % PAGE == 0 && range->end % PAGE == 0);
        for (; page < WINDOW_PAGES && base + page * PAGE < range->start; page++)
            CHECK_EQUAL(run, model[page], HOLE);
        for (; page < WINDOW_PAGES && base + page * PAGE < range->end; page++)
            CHECK_EQUAL(run, model[page], range->kind);
    }
    for (; page < WINDOW_PAGES; page++)
        CHECK_EQUAL(run, model[page], HOLE);
}

// Walks what the direct map covers of the sorted map.
static void check_mapped_against_model(struct suite_run *run, uint64_t base)
{
    struct memory_map_cursor cursor = {0};
    struct range memory, before = {0, 0};
    size_t page = 0;

    for (bool more = true; more; before = memory) {
        more = memory_map_next_mapped(&map, &cursor, &memory);
        const struct range window = {more ? memory.start : PHYSICAL_END,
                                     more ? memory.end : PHYSICAL_END};
        CHECK(run, more == (memory.start < memory.end));
        CHECK(run, !more || before.end == 0 || memory.start > before.end);
        for (; page < WINDOW_PAGES && base + page * PAGE < window.start; page++)
            CHECK(run, model[page] == HOLE || !memory_kind_is_mapped(model[page]));
        for (; page < WINDOW_PAGES && base + page * PAGE < window.end; page++)
            CHECK(run, memory_kind_is_mapped(model[page]));
    }
}

// Asks of random pages whether they are usable.
static void check_usable_against_model(struct suite_run *run, uint64_t base, uint64_t *random)
{
    for (size_t i = 0; i < 64; i++) {
        size_t first = suite_random(random) % WINDOW_PAGES;
        size_t count = 1 + suite_random(random) % (i < 32 ? 4 : WINDOW_PAGES);
        if (count > WINDOW_PAGES - first)
            count = WINDOW_PAGES - first;
        bool usable = true;
        for (size_t j = first; j < first + count; j++)
            usable = usable && model[j] == MEMORY_USABLE;
        CHECK(run, memory_map_is_usable(&map, base + first * PAGE, count * PAGE) == usable);
        CHECK(run, memory_map_is_usable(&map, base + first * PAGE + 1, count * PAGE - 2) == usable);
    }
}

static void check_generated(struct suite_run *run, uint64_t base, uint64_t seed)
{
    uint64_t random = seed;

    for (size_t round = 0; round < 100; round++) {
        generate(&random, base, round < 97 ? round % 24 : MOST_DESCRIPTORS);
        build_model(base);
        check_usable_against_model(run, base, &random);
        read_map();
        check_against_model(run, base);
        memory_map_sort(&map);
        read_map();
        check_against_model(run, base);
        check_mapped_against_model(run, base);
        if (run->failed) {
            writer_print(run->writer, "    # in map %zu from seed %llu\n", round,
                         (unsigned long long)seed);
            return;
        }
    }
}

static void any_map_from_the_first_page_matches_the_model(struct suite_run *run)
{
    check_generated(run, 0, 2);
}

static void any_map_across_4_gib_matches_the_model(struct suite_run *run)
{
    check_generated(run, 4 * GIB - 80 * PAGE, 3);
}

static void any_map_at_the_last_page_matches_the_model(struct suite_run *run)
{
    check_generated(run, PHYSICAL_END - 140 * PAGE, 4);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_empty_map_has_no_range),
    SUITE_CASE(neighbours_of_a_kind_come_as_one),
    SUITE_CASE(holes_belong_to_no_range),
    SUITE_CASE(each_type_has_its_kind),
    SUITE_CASE(attributes_exclude_memory_from_use),
    SUITE_CASE(the_direct_map_covers_memory_only),
    SUITE_CASE(where_descriptors_overlap_the_stricter_wins),
    SUITE_CASE(empty_descriptors_count_for_nothing),
    SUITE_CASE(what_lies_beyond_52_bits_is_cut_off),
    SUITE_CASE(ranges_are_whole_pages),
    SUITE_CASE(sorting_moves_whole_descriptors),
    SUITE_CASE(sorting_looks_at_whole_pages),
    SUITE_CASE(the_direct_map_covers_neighbours_as_one),
    SUITE_CASE(the_largest_conventional_range_overlaps_no_other),
    SUITE_CASE(conventional_ranges_come_in_the_order_of_the_map),
    SUITE_CASE(usable_memory_may_cross_descriptors),
    SUITE_CASE(any_map_from_the_first_page_matches_the_model),
    SUITE_CASE(any_map_across_4_gib_matches_the_model),
    SUITE_CASE(any_map_at_the_last_page_matches_the_model),
};
const struct suite memory_map_suite = SUITE("memory_map", cases);
