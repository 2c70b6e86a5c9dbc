// SPDX-License-Identifier: MIT
// What boot/memory_map.h makes of the maps of real machines: the memory that Linux found there,
// and nothing that the firmware or a device owns.
#include "arch/x86_64/string.h"
#include "boot/memory_map.h"
#include "tests/boot/recorded_maps.h"
#include "tests/boot/suites.h"

#define PAGE UINT64_C(4096)
#define STRIDE 48 // what firmware has in practice: 8 bytes more than the known ones
#define SHUFFLES 20
#define MOST_RANGES (2 * RECORDED_MOST_DESCRIPTORS + 1) // each descriptor begins and ends once

static unsigned char buffer[RECORDED_MOST_DESCRIPTORS * STRIDE];
static struct memory_map map;

static struct region ranges[MOST_RANGES];
static size_t range_count;

static void load(const struct recorded_map *recorded)
{
    map = (struct memory_map){buffer, recorded->descriptor_count * STRIDE, STRIDE};
    memset(buffer, 0xa5, sizeof buffer);
    for (size_t i = 0; i < recorded->descriptor_count; i++) {
        const struct recorded_descriptor *from = &recorded->descriptors[i];
        const struct descriptor to = {from->type, 0, from->start, 0, from->pages, from->attribute};
        memcpy(buffer + i * STRIDE, &to, sizeof to);
    }
}

static void swap_descriptors(size_t a, size_t b)
{
    unsigned char kept[STRIDE];

    memcpy(kept, buffer + a * STRIDE, STRIDE);
    memmove(buffer + a * STRIDE, buffer + b * STRIDE, STRIDE);
    memcpy(buffer + b * STRIDE, kept, STRIDE);
}

// Fills `ranges` from what is loaded.
static void merge(struct suite_run *run)
{
    struct region_map read;

    region_init(&read, ranges, MOST_RANGES);
    memory_map_read(&map, &read);
    range_count = read.count;
    CHECK_EQUAL(run, read.lacking, 0);
}

// The range that holds all of these pages; an empty one if no single one does.
static struct region range_around(uint64_t start, uint64_t pages)
{
    for (size_t i = 0; i < range_count; i++)
        if (ranges[i].start <= start && start + pages * PAGE <= ranges[i].end)
            return ranges[i];
    return (struct region){0};
}

// Runs a check on each map after it is loaded and merged; says which map failed.
static void for_each_map(struct suite_run *run,
                         void (*check)(struct suite_run *run, const struct recorded_map *recorded))
{
    for (size_t i = 0; i < RECORDED_MAP_COUNT && !run->failed; i++) {
        load(&recorded_maps[i]);
        merge(run);
        if (!run->failed)
            check(run, &recorded_maps[i]);
        if (run->failed)
            writer_print(run->writer, "    # in the map of: %s\n", recorded_maps[i].machine);
    }
}

static void check_usable(struct suite_run *run, const struct recorded_map *recorded)
{
    size_t seen = 0;
    uint64_t bytes = 0;

    for (size_t i = 0; i < range_count; i++) {
        if (ranges[i].kind != MEMORY_USABLE)
            continue;
        CHECK(run, seen < recorded->usable_count);
        CHECK_EQUAL(run, ranges[i].start, recorded->usable[seen].start);
        CHECK_EQUAL(run, ranges[i].end, recorded->usable[seen].end);
        bytes += ranges[i].end - ranges[i].start;
        seen++;
    }
    CHECK_EQUAL(run, seen, recorded->usable_count);
    CHECK_EQUAL(run, bytes, recorded->usable_pages * PAGE);
}

static void usable_is_what_linux_used(struct suite_run *run)
{
    for_each_map(run, check_usable);
}

static void check_ascending(struct suite_run *run, const struct recorded_map *recorded)
{
    (void)recorded;
    for (size_t i = 0; i < range_count; i++) {
        CHECK(run, ranges[i].start < ranges[i].end);
        CHECK(run, ranges[i].start % PAGE == 0 && ranges[i].end % PAGE == 0);
        CHECK(run, i == 0 || ranges[i - 1].end <= ranges[i].start);
        CHECK(run, i == 0 || ranges[i - 1].end < ranges[i].start ||
                       ranges[i - 1].kind != ranges[i].kind);
    }
}

static void ranges_ascend_apart_and_merged(struct suite_run *run)
{
    for_each_map(run, check_ascending);
}

static void check_counts(struct suite_run *run, const struct recorded_map *recorded)
{
    for (enum memory_kind kind = MEMORY_USABLE; kind <= MEMORY_DEVICE; kind++) {
        size_t count = 0;
        uint64_t bytes = 0;
        for (size_t i = 0; i < range_count; i++) {
            if (ranges[i].kind != kind)
                continue;
            bytes += ranges[i].end - ranges[i].start;
            count++;
        }
        CHECK_EQUAL(run, count, recorded->kinds[kind].ranges);
        CHECK_EQUAL(run, bytes, recorded->kinds[kind].pages * PAGE);
    }
}

static void each_kind_has_its_ranges_and_bytes(struct suite_run *run)
{
    for_each_map(run, check_counts);
}

// Each descriptor lies whole in a range of its owner's kind. That no kind has more than that is
// what each_kind_has_its_ranges_and_bytes counts.
static void check_owners(struct suite_run *run, const struct recorded_map *recorded)
{
    for (size_t i = 0; i < recorded->descriptor_count; i++) {
        const struct recorded_descriptor *descriptor = &recorded->descriptors[i];
        const struct region range = range_around(descriptor->start, descriptor->pages);
        CHECK(run, range.start < range.end);
        switch (descriptor->type) {
        case RUNTIME_CODE:
        case RUNTIME_DATA:
            CHECK_EQUAL(run, range.kind, MEMORY_RUNTIME);
            break;
        case ACPI_TABLES:
            CHECK_EQUAL(run, range.kind, MEMORY_ACPI_RECLAIM);
            break;
        case ACPI_NVS:
            CHECK_EQUAL(run, range.kind, MEMORY_ACPI_NVS);
            break;
        case RESERVED:
        case MAPPED_IO:
            CHECK(run, !memory_kind_is_mapped(range.kind));
            break;
        default:
            CHECK_EQUAL(run, range.kind, MEMORY_USABLE);
            break;
        }
    }
}

static void firmware_keeps_its_memory_and_devices_stay_unmapped(struct suite_run *run)
{
    for_each_map(run, check_owners);
}

static void check_shuffles(struct suite_run *run, const struct recorded_map *recorded)
{
    static struct region wanted[MOST_RANGES];
    const size_t wanted_count = range_count;
    uint64_t random = 5;

    memcpy(wanted, ranges, range_count * sizeof ranges[0]);
    for (size_t shuffle = 0; shuffle < SHUFFLES; shuffle++) {
        load(recorded);
        for (size_t i = recorded->descriptor_count; i > 1; i--)
            swap_descriptors(i - 1, suite_random(&random) % i);
        merge(run);
        CHECK(run, !run->failed);
        CHECK_EQUAL(run, range_count, wanted_count);
        for (size_t i = 0; i < range_count; i++) {
            CHECK_EQUAL(run, ranges[i].start, wanted[i].start);
            CHECK_EQUAL(run, ranges[i].end, wanted[i].end);
            CHECK_EQUAL(run, ranges[i].kind, wanted[i].kind);
        }
    }
}

static void any_order_gives_the_same_ranges(struct suite_run *run)
{
    for_each_map(run, check_shuffles);
}

// No descriptor of these maps overlaps another, so that each conventional one counts.
static void check_conventional(struct suite_run *run, const struct recorded_map *recorded)
{
    struct region largest = {0};
    struct region range;
    size_t index = 0;

    load(recorded);
    for (size_t i = 0; i < recorded->descriptor_count; i++) {
        const struct recorded_descriptor *descriptor = &recorded->descriptors[i];
        if (descriptor->type != CONVENTIONAL)
            continue;
        CHECK(run, memory_map_next_conventional(&map, &index, 0, &range));
        CHECK_EQUAL(run, range.start, descriptor->start);
        CHECK_EQUAL(run, range.end, descriptor->start + descriptor->pages * PAGE);
        if (range.end - range.start > largest.end - largest.start)
            largest = range;
    }
    CHECK(run, !memory_map_next_conventional(&map, &index, 0, &range));
    CHECK(run, largest.start < largest.end);
    range = memory_map_largest_conventional(&map);
    CHECK_EQUAL(run, range.start, largest.start);
    CHECK_EQUAL(run, range.end, largest.end);
}

static void every_conventional_descriptor_is_offered(struct suite_run *run)
{
    for_each_map(run, check_conventional);
}

static const struct suite_case cases[] = {
    SUITE_CASE(usable_is_what_linux_used),
    SUITE_CASE(ranges_ascend_apart_and_merged),
    SUITE_CASE(each_kind_has_its_ranges_and_bytes),
    SUITE_CASE(firmware_keeps_its_memory_and_devices_stay_unmapped),
    SUITE_CASE(any_order_gives_the_same_ranges),
    SUITE_CASE(every_conventional_descriptor_is_offered),
};
const struct suite recorded_maps_suite = SUITE("recorded_maps", cases);
