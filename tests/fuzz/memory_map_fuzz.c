// SPDX-License-Identifier: MIT
// Fuzz target: the firmware's memory map, read into ranges, sorted, and read again. Against the
// descriptors as they were given: each page has the strictest kind of those that cover it.
#include "boot/memory_map.h"
#include "tests/boot/efi_memory.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <string.h>

#define PAGE UINT64_C(4096)
#define PHYSICAL_END (UINT64_C(1) << 52)
#define DESCRIPTORS_MAX 24
#define STRIDE_MAX 64

static uint8_t buffer[DESCRIPTORS_MAX * STRIDE_MAX];
static struct memory_map map;

// Mostly whole pages close together, and any number now and then.
static uint64_t draw_number(struct input *input, unsigned unit)
{
    uint8_t kind = input_byte(input);

    return kind < 0xf0 ? (uint64_t)(kind & 0x3f) * unit : input_word(input) >> (kind & 3) * 8;
}

static void draw_map(struct input *input)
{
    size_t count = 1 + input_byte(input) % DESCRIPTORS_MAX;

    map = (struct memory_map){buffer, 0, 40 + 4 * (size_t)(input_byte(input) % 7)};
    for (size_t i = 0; i < count; i++) {
        const struct descriptor descriptor = {
            .type = input_byte(input) % 17,
            .start = draw_number(input, PAGE),
            .pages = draw_number(input, 1),
            .attribute = draw_number(input, 1) ^ WB,
        };
        memset(buffer + map.size, (int)i, map.stride);
        memcpy(buffer + map.size, &descriptor, sizeof descriptor);
        map.size += map.stride;
    }
}

// Where a map of this one descriptor has what kind; false: nowhere.
static bool range_alone(size_t index, struct region *range)
{
    const struct memory_map one = {buffer + index * map.stride, map.stride, map.stride};
    struct region_map ranges;

    region_init(&ranges, range, 1);
    memory_map_read(&one, &ranges);
    return ranges.count == 1;
}

// The kind of the page; -1: a hole.
static int kind_of_page(uint64_t page)
{
    struct region range;
    int kind = -1;

    for (size_t i = 0; i < map.size / map.stride; i++)
        if (range_alone(i, &range) && range.start <= page && page < range.end &&
            (int)range.kind > kind)
            kind = (int)range.kind;
    return kind;
}

// What is said of one page, and of it and the next, by the functions that need no sorted map.
static void check_usable(uint64_t page)
{
    bool is_usable = kind_of_page(page) == MEMORY_USABLE;

    CHECK(memory_map_is_usable(&map, page, PAGE) == is_usable);
    CHECK(memory_map_is_usable(&map, page, 2 * PAGE) ==
          (is_usable && kind_of_page(page + PAGE) == MEMORY_USABLE));
    CHECK(!memory_map_is_usable(&map, page, 0) && !memory_map_is_usable(&map, page, UINT64_MAX));
}

static void check_ranges(void)
{
    static struct region entries[2 * DESCRIPTORS_MAX];
    struct region_map ranges;
    struct region before = {0, 0, MEMORY_USABLE};

    region_init(&ranges, entries, sizeof entries / sizeof entries[0]);
    memory_map_read(&map, &ranges);
    CHECK(ranges.lacking == 0);
    for (size_t i = 0; i < ranges.count; i++) {
        const struct region range = entries[i];
        CHECK(range.start < range.end && range.end <= PHYSICAL_END);
        CHECK(range.start % PAGE == 0 && range.end % PAGE == 0);
        CHECK(i == 0 || range.start > before.end ||
              (range.start == before.end && range.kind != before.kind));
        CHECK(kind_of_page(range.start) == (int)range.kind);
        CHECK(kind_of_page(range.end - PAGE) == (int)range.kind);
        CHECK(range.start == before.end || kind_of_page(range.start - PAGE) == -1);
        CHECK(kind_of_page(range.end) != (int)range.kind);
        before = range;
    }
}

static bool is_mapped(uint64_t page)
{
    int kind = kind_of_page(page);

    return kind >= 0 && memory_kind_is_mapped((enum memory_kind)kind);
}

// Of a sorted map. What is not mapped is seen at the edges of what is.
static void check_mapped(void)
{
    struct memory_map_cursor cursor = {0};
    struct range memory;
    uint64_t end = 0;

    while (memory_map_next_mapped(&map, &cursor, &memory)) {
        CHECK(memory.start < memory.end && memory.end <= PHYSICAL_END);
        CHECK(memory.start > end || end == 0);
        CHECK(is_mapped(memory.start) && is_mapped(memory.end - PAGE) && !is_mapped(memory.end));
        CHECK(memory.start == 0 || !is_mapped(memory.start - PAGE));
        end = memory.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};

    draw_map(&input);
    for (uint64_t page = 0; page < 8; page++)
        check_usable(page * 7 * PAGE);
    struct region largest = memory_map_largest_conventional(&map);
    CHECK(largest.start == largest.end ||
          memory_map_is_usable(&map, largest.start, largest.end - largest.start));
    check_ranges();
    memory_map_sort(&map);
    check_ranges();
    check_mapped();
    return 0;
}
