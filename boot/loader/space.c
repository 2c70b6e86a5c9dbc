// SPDX-License-Identifier: MIT
// The mappings of space.h.
#include "boot/loader/space.h"

#include "boot/handoff.h"

// A range of physical addresses.
struct frames {
    uint64_t start, end;
};

static uint64_t page_end(uint64_t address)
{
    return (address + PAGING_4K - 1) & ~(PAGING_4K - 1);
}

static struct frames frames_of(const struct elf_image *elf, physical_t image,
                               const struct elf_segment *segment)
{
    return (struct frames){image.value + (segment->start - elf->start),
                           image.value + (page_end(segment->end) - elf->start)};
}

enum paging_status space_map_image(struct paging *paging, const struct elf_image *elf,
                                   physical_t image, uint64_t region_end)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        struct frames frames = frames_of(elf, image, segment);
        enum paging_access access = segment->executable ? PAGING_READ_EXECUTE
                                    : segment->writable ? PAGING_READ_WRITE
                                                        : PAGING_READ_ONLY;
        enum paging_status status = paging_map(paging, segment->start, physical(frames.start),
                                               frames.end - frames.start, access);
        if (status != PAGING_OK)
            return status;
    }
    return paging_map(paging, elf->region_start,
                      physical_add(image, elf->region_start - elf->start),
                      region_end - elf->region_start, PAGING_READ_WRITE);
}

// The first part of `memory` in which nothing changes between writable and read-only.
static struct frames first_uniform(const struct elf_image *elf, physical_t image,
                                   struct frames memory, enum paging_access *access)
{
    *access = PAGING_READ_WRITE;
    for (size_t i = 0; i < elf->segment_count; i++) {
        struct frames frames = frames_of(elf, image, &elf->segments[i]);
        if (elf->segments[i].writable || frames.end <= memory.start || frames.start >= memory.end)
            continue;
        if (frames.start > memory.start) {
            memory.end = frames.start;
            continue;
        }
        *access = PAGING_READ_ONLY;
        memory.end = frames.end < memory.end ? frames.end : memory.end;
    }
    return memory;
}

static enum paging_status map_memory(struct paging *paging, const struct elf_image *elf,
                                     physical_t image, struct frames memory)
{
    uint64_t largest = paging_largest_page();

    while (memory.start < memory.end) {
        enum paging_access access;
        struct frames part = first_uniform(elf, image, memory, &access);
        enum paging_status status =
            paging_map_large(paging, HANDOFF_DIRECT_MAP + part.start, physical(part.start),
                             part.end - part.start, access, largest);
        if (status != PAGING_OK)
            return status;
        memory.start = part.end;
    }
    return PAGING_OK;
}

enum paging_status space_map_window(struct paging *paging, const struct elf_image *elf,
                                    physical_t image, const struct memory_map *map)
{
    struct memory_map_cursor cursor = {0};
    struct memory_range range;
    struct frames memory = {0, 0};
    enum paging_status status = PAGING_OK;

    while (status == PAGING_OK && memory_map_next(map, &cursor, &range)) {
        if (!memory_kind_is_mapped(range.kind))
            continue;
        if (range.start != memory.end) {
            status = map_memory(paging, elf, image, memory);
            memory.start = range.start;
        }
        memory.end = range.end;
    }
    return status == PAGING_OK ? map_memory(paging, elf, image, memory) : status;
}
