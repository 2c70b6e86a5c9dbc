// SPDX-License-Identifier: MIT
// The sorting and merging of memory_map.h.
#include "boot/memory_map.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);

#define PAGE_SHIFT 12
#define PHYSICAL_END (UINT64_C(1) << 52)

// EFI_MEMORY_DESCRIPTOR, the 40 bytes of it that every version has.
struct descriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t number_of_pages;
    uint64_t attribute;
};
_Static_assert(sizeof(struct descriptor) == MEMORY_DESCRIPTOR_SIZE, "EFI_MEMORY_DESCRIPTOR");

// EFI_MEMORY_TYPE.
enum {
    EFI_LOADER_CODE = 1,
    EFI_LOADER_DATA = 2,
    EFI_BOOT_SERVICES_CODE = 3,
    EFI_BOOT_SERVICES_DATA = 4,
    EFI_RUNTIME_SERVICES_CODE = 5,
    EFI_RUNTIME_SERVICES_DATA = 6,
    EFI_CONVENTIONAL_MEMORY = 7,
    EFI_ACPI_RECLAIM_MEMORY = 9,
    EFI_ACPI_MEMORY_NVS = 10,
    EFI_MEMORY_MAPPED_IO = 11,
    EFI_MEMORY_MAPPED_IO_PORT_SPACE = 12,
    EFI_PAL_CODE = 13,
};
#define EFI_MEMORY_WB UINT64_C(0x8)

const char *memory_kind_name(enum memory_kind kind)
{
    switch (kind) {
    case MEMORY_USABLE:
        return "usable";
    case MEMORY_ACPI_RECLAIM:
        return "ACPI tables";
    case MEMORY_ACPI_NVS:
        return "ACPI NVS";
    case MEMORY_RUNTIME:
        return "runtime services";
    case MEMORY_RESERVED:
        return "reserved";
    case MEMORY_DEVICE:
        return "device";
    }
    return "unknown";
}

bool memory_kind_is_mapped(enum memory_kind kind)
{
    return kind <= MEMORY_RUNTIME;
}

// Memory that cannot be cached write-back is treated as a device: it gets no normal mapping.
static enum memory_kind kind_of(const struct descriptor *descriptor)
{
    bool cacheable = (descriptor->attribute & EFI_MEMORY_WB) != 0;

    switch (descriptor->type) {
    case EFI_LOADER_CODE:
    case EFI_LOADER_DATA:
    case EFI_BOOT_SERVICES_CODE:
    case EFI_BOOT_SERVICES_DATA:
    case EFI_CONVENTIONAL_MEMORY:
        return cacheable ? MEMORY_USABLE : MEMORY_DEVICE;
    case EFI_ACPI_RECLAIM_MEMORY:
        return cacheable ? MEMORY_ACPI_RECLAIM : MEMORY_DEVICE;
    case EFI_ACPI_MEMORY_NVS:
        return cacheable ? MEMORY_ACPI_NVS : MEMORY_DEVICE;
    case EFI_RUNTIME_SERVICES_CODE:
    case EFI_RUNTIME_SERVICES_DATA:
        return cacheable ? MEMORY_RUNTIME : MEMORY_DEVICE;
    case EFI_MEMORY_MAPPED_IO:
    case EFI_MEMORY_MAPPED_IO_PORT_SPACE:
    case EFI_PAL_CODE:
        return MEMORY_DEVICE;
    default:
        return MEMORY_RESERVED;
    }
}

static size_t count_of(const struct memory_map *map)
{
    return map->size / map->stride;
}

static struct descriptor read_descriptor(const struct memory_map *map, size_t index)
{
    struct descriptor descriptor;

    memcpy(&descriptor, map->descriptors + index * map->stride, sizeof descriptor);
    return descriptor;
}

static uint64_t end_of(const struct descriptor *descriptor)
{
    if (descriptor->physical_start >= PHYSICAL_END)
        return descriptor->physical_start;
    uint64_t most = (PHYSICAL_END - descriptor->physical_start) >> PAGE_SHIFT;
    uint64_t pages = descriptor->number_of_pages < most ? descriptor->number_of_pages : most;
    return descriptor->physical_start + (pages << PAGE_SHIFT);
}

static void swap(const struct memory_map *map, size_t a, size_t b)
{
    unsigned char *x = map->descriptors + a * map->stride;
    unsigned char *y = map->descriptors + b * map->stride;

    for (size_t i = 0; i < map->stride; i++) {
        unsigned char byte = x[i];
        x[i] = y[i];
        y[i] = byte;
    }
}

static uint64_t start_at(const struct memory_map *map, size_t index)
{
    return read_descriptor(map, index).physical_start;
}

// Heap sort: [0, count) is a heap but for its element `root`, which sinks to its place.
static void sink(const struct memory_map *map, size_t root, size_t count)
{
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && start_at(map, child) < start_at(map, child + 1))
            child++;
        if (start_at(map, root) >= start_at(map, child))
            return;
        swap(map, root, child);
        root = child;
    }
}

void memory_map_sort(const struct memory_map *map)
{
    size_t count = count_of(map);

    for (size_t i = count / 2; i > 0; i--)
        sink(map, i - 1, count);
    for (size_t end = count; end > 1; end--) {
        swap(map, 0, end - 1);
        sink(map, 0, end - 1);
    }
}

// The piece of the map that begins at or after the cursor and in which no descriptor begins or
// ends: the strictest of the descriptors that cover it decides its kind.
static bool next_piece(const struct memory_map *map, struct memory_map_cursor *cursor,
                       struct memory_range *piece)
{
    size_t count = count_of(map);
    bool covered = false;

    for (; cursor->first < count; cursor->first++) {
        struct descriptor descriptor = read_descriptor(map, cursor->first);
        if (end_of(&descriptor) > cursor->position)
            break;
    }
    for (size_t i = cursor->first; i < count; i++) {
        struct descriptor descriptor = read_descriptor(map, i);
        uint64_t start = descriptor.physical_start;
        uint64_t end = end_of(&descriptor);
        if (end <= start || end <= cursor->position)
            continue;
        if (!covered) { // whatever lies before it is a hole
            piece->start = start > cursor->position ? start : cursor->position;
            piece->end = end;
            piece->kind = kind_of(&descriptor);
            covered = true;
        } else if (start > piece->start) {
            if (start < piece->end)
                piece->end = start;
            break;
        } else {
            enum memory_kind kind = kind_of(&descriptor);
            piece->kind = kind > piece->kind ? kind : piece->kind;
            piece->end = end < piece->end ? end : piece->end;
        }
    }
    if (covered)
        cursor->position = piece->end;
    return covered;
}

bool memory_map_next(const struct memory_map *map, struct memory_map_cursor *cursor,
                     struct memory_range *range)
{
    struct memory_range piece;

    if (!next_piece(map, cursor, range))
        return false;
    for (;;) {
        struct memory_map_cursor ahead = *cursor;
        if (!next_piece(map, &ahead, &piece) || piece.start != range->end ||
            piece.kind != range->kind)
            return true;
        range->end = piece.end;
        *cursor = ahead;
    }
}

struct memory_range memory_map_largest_conventional(const struct memory_map *map)
{
    struct memory_range largest = {0, 0, MEMORY_USABLE};

    for (size_t i = 0; i < count_of(map); i++) {
        struct descriptor descriptor = read_descriptor(map, i);
        uint64_t end = end_of(&descriptor);
        if (descriptor.type == EFI_CONVENTIONAL_MEMORY && kind_of(&descriptor) == MEMORY_USABLE &&
            end - descriptor.physical_start > largest.end - largest.start) {
            largest.start = descriptor.physical_start;
            largest.end = end;
        }
    }
    return largest;
}
