// SPDX-License-Identifier: MIT
// The sorting and reading of memory_map.h.
#include "boot/memory_map.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"

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
// Attributes.
#define EFI_MEMORY_WB UINT64_C(0x8)
#define EFI_MEMORY_SP UINT64_C(0x40000) // special-purpose: a driver's, not for everything
#define EFI_MEMORY_RUNTIME UINT64_C(0x8000000000000000) // runtime services use it

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
static enum memory_kind kind_of_type(const struct descriptor *descriptor)
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

// Memory of a type that would be free, at once or later, may be excluded by its attributes.
static enum memory_kind kind_of(const struct descriptor *descriptor)
{
    enum memory_kind kind = kind_of_type(descriptor);

    if (kind != MEMORY_USABLE && kind != MEMORY_ACPI_RECLAIM)
        return kind;
    if (descriptor->attribute & EFI_MEMORY_RUNTIME)
        return MEMORY_RUNTIME;
    return descriptor->attribute & EFI_MEMORY_SP ? MEMORY_RESERVED : kind;
}

static size_t count_of(const struct memory_map *map)
{
    return map->size / map->stride;
}

static struct descriptor read_descriptor(const struct memory_map *map, size_t index)
{
    struct descriptor descriptor;

    // Of a known size, these are moves and no call.
    memcpy(&descriptor, map->descriptors + index * map->stride, sizeof descriptor);
    return descriptor;
}

// What a descriptor covers in whole pages. Firmware must align it (UEFI 2.10, 7.2.3); where it does
// not, usable memory loses the pages that it has only a part of, and anything else takes them.
static struct region range_at(const struct memory_map *map, size_t index)
{
    struct descriptor descriptor = read_descriptor(map, index);
    enum memory_kind kind = kind_of(&descriptor);
    uint64_t start =
        descriptor.physical_start < PHYSICAL_END ? descriptor.physical_start : PHYSICAL_END;
    uint64_t most = (PHYSICAL_END - start) / PAGE_SIZE;
    uint64_t pages = descriptor.number_of_pages < most ? descriptor.number_of_pages : most;
    struct range bytes = {start, start};

    (void)range_of(&bytes, start, pages * PAGE_SIZE); // below PHYSICAL_END
    uint64_t end = bytes.end;
    if (start % PAGE_SIZE != 0 && pages > 0) {
        start = page_round_down(start, PAGE_SIZE);
        end = page_round_down(end, PAGE_SIZE);
        if (kind == MEMORY_USABLE)
            start += PAGE_SIZE;
        else
            end += PAGE_SIZE;
    }
    return (struct region){start, end, kind};
}

// range_at().start. Sorting reads little else: a whole range only where rounding decides.
static uint64_t start_at(const struct memory_map *map, size_t index)
{
    const unsigned char *descriptor = map->descriptors + index * map->stride;
    uint64_t start;

    memcpy(&start, descriptor + offsetof(struct descriptor, physical_start), sizeof start);
    return start % PAGE_SIZE == 0 && start < PHYSICAL_END ? start : range_at(map, index).start;
}

// By words: what a later version of UEFI has added moves along.
static void swap(struct memory_map *map, size_t a, size_t b)
{
    unsigned char *x = map->descriptors + a * map->stride;
    unsigned char *y = map->descriptors + b * map->stride;
    size_t i = 0;

    for (uint64_t word, other; map->stride - i >= sizeof word; i += sizeof word) {
        memcpy(&word, x + i, sizeof word);
        memcpy(&other, y + i, sizeof other);
        memcpy(x + i, &other, sizeof other);
        memcpy(y + i, &word, sizeof word);
    }
    for (; i < map->stride; i++) {
        unsigned char byte = x[i];
        x[i] = y[i];
        y[i] = byte;
    }
}

static bool is_sorted(const struct memory_map *map)
{
    for (size_t i = 1; i < count_of(map); i++)
        if (start_at(map, i - 1) > start_at(map, i))
            return false;
    return true;
}

// [0, count) is a heap, largest start first, but for its element `root`, which sinks to its place.
static void sink(struct memory_map *map, size_t root, size_t count)
{
    uint64_t start = start_at(map, root);

    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        uint64_t largest = start_at(map, child);
        if (child + 1 < count && start_at(map, child + 1) > largest)
            largest = start_at(map, ++child);
        if (start >= largest)
            return;
        swap(map, root, child);
        root = child;
    }
}

// Heap sort: in place, and n log n whatever the firmware wrote.
void memory_map_sort(struct memory_map *map)
{
    if (is_sorted(map))
        return;
    for (size_t i = count_of(map) / 2; i > 0; i--)
        sink(map, i - 1, count_of(map));
    for (size_t end = count_of(map) - 1; end > 0; end--) {
        swap(map, 0, end);
        sink(map, 0, end);
    }
}

void memory_map_read(const struct memory_map *map, struct region_map *ranges)
{
    for (size_t i = 0; i < count_of(map); i++) {
        const struct region range = range_at(map, i);
        if (range.start < range.end)
            region_add(ranges, range.start, range.end - range.start, range.kind);
    }
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool memory_map_next_mapped(const struct memory_map *map, struct memory_map_cursor *cursor,
                            struct range *memory)
{
    struct range *pending = &cursor->pending;

    while (cursor->index < count_of(map)) {
        const struct region range = range_at(map, cursor->index++);
        *memory = *pending;
        if (range.start >= range.end)
            continue;
        if (!memory_kind_is_mapped(range.kind)) {
            memory->end = range.start < pending->end ? range.start : pending->end;
            pending->start = larger(pending->start, range.end);
            pending->end = larger(pending->end, pending->start);
        } else if (range.start <= pending->end) {
            pending->end = larger(pending->end, range.end);
            continue;
        } else {
            *pending = (struct range){range.start, range.end};
        }
        if (memory->start < memory->end)
            return true;
    }
    *memory = *pending;
    pending->start = pending->end;
    return memory->start < memory->end;
}

// Whether a range, which may be empty, has a byte in [start, end), which is not.
static bool overlaps(const struct region *range, uint64_t start, uint64_t end)
{
    return range->start < range->end && range->start < end && start < range->end;
}

// Where the usable descriptors that cover `address` end; `address` if none does.
static uint64_t usable_end(const struct memory_map *map, uint64_t address)
{
    uint64_t end = address;

    for (size_t i = 0; i < count_of(map); i++) {
        struct region range = range_at(map, i);
        if (range.kind == MEMORY_USABLE && range.start <= address && range.end > end)
            end = range.end;
    }
    return end;
}

bool memory_map_is_usable(const struct memory_map *map, uint64_t start, uint64_t size)
{
    struct range asked;

    if (size == 0 || !range_of(&asked, start, size))
        return false;
    for (size_t i = 0; i < count_of(map); i++) {
        struct region range = range_at(map, i);
        if (range.kind != MEMORY_USABLE && overlaps(&range, asked.start, asked.end))
            return false;
    }
    for (uint64_t next; start < asked.end; start = next) {
        next = usable_end(map, start);
        if (next == start)
            return false;
    }
    return true;
}

// Whether a descriptor of another type than conventional memory, or one that its attributes exclude
// from use, covers a part of the range.
static bool is_claimed(const struct memory_map *map, const struct region *range)
{
    for (size_t i = 0; i < count_of(map); i++) {
        struct region other = range_at(map, i);
        bool is_free =
            read_descriptor(map, i).type == EFI_CONVENTIONAL_MEMORY && other.kind == MEMORY_USABLE;
        if (!is_free && overlaps(&other, range->start, range->end))
            return true;
    }
    return false;
}

bool memory_map_next_conventional(const struct memory_map *map, size_t *index, uint64_t least,
                                  struct region *range)
{
    while (*index < count_of(map)) {
        size_t i = (*index)++;
        *range = range_at(map, i);
        if (read_descriptor(map, i).type == EFI_CONVENTIONAL_MEMORY &&
            range->kind == MEMORY_USABLE && range->start < range->end &&
            range->end - range->start >= least && !is_claimed(map, range))
            return true;
    }
    return false;
}

struct region memory_map_largest_conventional(const struct memory_map *map)
{
    struct region largest = {0, 0, MEMORY_USABLE};
    struct region range;

    // Only what is larger than the largest so far is worth a look at all the others.
    for (size_t i = 0;
         memory_map_next_conventional(map, &i, largest.end - largest.start + 1, &range);)
        largest = range;
    return largest;
}
