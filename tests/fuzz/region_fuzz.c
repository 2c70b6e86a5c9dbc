// SPDX-License-Identifier: MIT
// Fuzz target: the readers of boot loaders' memory maps, and the region map under them. Nothing is
// read beyond the input, and the map stays ascending, disjoint and merged, whatever is in it.
#include "kmem/region_fdt.h"
#include "kmem/region_sources.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <string.h>

#define ENTRIES_MAX 24

static struct region entries[ENTRIES_MAX];
static struct region_map map;

static void check_map(void)
{
    for (size_t i = 0; i < map.count; i++) {
        CHECK(entries[i].start < entries[i].end);
        CHECK(i == 0 || entries[i - 1].end < entries[i].start ||
              (entries[i - 1].end == entries[i].start && entries[i - 1].kind != entries[i].kind));
    }
}

static void read_limine(const uint8_t *bytes, size_t size)
{
    uint64_t list[8][3];
    const uint64_t *pointers[8];
    size_t count = size / sizeof list[0] < 8 ? size / sizeof list[0] : 8;

    memcpy(list, bytes, count * sizeof list[0]);
    for (size_t i = 0; i < count; i++)
        pointers[i] = list[i];
    region_add_limine(&map, pointers, count);
}

// A copy that ends where the input does, so that a read beyond it is seen.
static void read_map(uint8_t source, size_t stride, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);

    memcpy(copy, bytes, size);
    switch (source % 6) {
    case 0:
        region_add_uefi(&map, copy, size, stride);
        break;
    case 1:
        read_limine(copy, size);
        break;
    case 2:
        region_add_multiboot1(&map, copy, size);
        break;
    case 3: // whose size stands in it
        if (size >= 8) {
            copy[0] = (uint8_t)size;
            copy[1] = (uint8_t)(size >> 8);
            copy[2] = copy[3] = 0;
            region_add_multiboot2(&map, copy);
        }
        break;
    case 4:
        region_add_e820(&map, copy, stride == 0 ? 0 : size / stride, stride);
        break;
    default:
        region_add_fdt(&map, copy, size);
        break;
    }
    free(copy);
}

// What is usable goes away once, in pages, after a heap has been taken out of it.
static void use_map(struct input *input)
{
    struct region range = {0, 0, 0};
    struct region_request request = {.size = input_byte(input) * UINT64_C(4096),
                                     .align = UINT64_C(1) << input_byte(input) % 64,
                                     .limit = UINT64_MAX >> input_byte(input) % 64};
    uint64_t start, before = 0;

    if (region_take(&map, &request, &start)) {
        CHECK(start % request.align == 0 && start <= request.limit - request.size);
        check_map();
    } else {
        start = request.size = 0;
    }
    region_reclaim(&map);
    check_map();
    for (; region_next(&map, 4096, &range); before = range.end) {
        CHECK(range.start < range.end && range.start >= before);
        CHECK(range.start % 4096 == 0 && range.end % 4096 == 0);
        CHECK(range.end <= start || start + request.size <= range.start);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    uint8_t source = input_byte(&input);
    size_t stride = input_byte(&input) % 64;

    region_init(&map, entries, input_byte(&input) % (ENTRIES_MAX + 1));
    struct input options = input;
    read_map(source, stride, input.bytes, input.left);
    check_map();
    use_map(&options);
    return 0;
}
