// SPDX-License-Identifier: MIT
// The mappings of kernel_mapping.h.
#include "boot/loader/kernel_mapping.h"

#include "arch/x86_64/page.h"

// ── The image ───────────────────────────────────────────────────────────────────────────────────

// Where a virtual address of the image lies.
static uint64_t physical_of(const struct loader *loader, uint64_t address)
{
    return loader->image.start + (address - loader->elf.start);
}

static struct range memory_of(const struct loader *loader, const struct elf_segment *segment)
{
    return (struct range){
        physical_of(loader, segment->start),
        physical_of(loader, page_round_up(segment->end, PAGE_SIZE)),
    };
}

static enum paging_access access_of(const struct elf_segment *segment)
{
    if (segment->executable)
        return PAGING_READ_EXECUTE;
    return segment->writable ? PAGING_READ_WRITE : PAGING_READ_ONLY;
}

static enum paging_status map_image(struct loader *loader)
{
    const struct elf_image *elf = &loader->elf;

    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        struct range memory = memory_of(loader, segment);
        enum paging_status status =
            paging_map(&loader->paging, segment->start, physical(memory.start),
                       memory.end - memory.start, access_of(segment));
        if (status != PAGING_OK)
            return status;
    }
    return paging_map(&loader->paging, elf->region_start,
                      physical(physical_of(loader, elf->region_start)), loader->region_size,
                      PAGING_READ_WRITE);
}

// ── The direct map ──────────────────────────────────────────────────────────────────────────────

// The longest part at the start of `memory` that is either all read-only, because segments that are
// not writable lie there, or all writable.
static struct range first_uniform(const struct loader *loader, struct range memory,
                                  enum paging_access *access)
{
    *access = PAGING_READ_WRITE;
    for (size_t i = 0; i < loader->elf.segment_count; i++) {
        const struct elf_segment *segment = &loader->elf.segments[i];
        struct range taken = memory_of(loader, segment);
        if (segment->writable || taken.end <= memory.start || taken.start >= memory.end)
            continue;
        if (taken.start > memory.start) {
            memory.end = taken.start;
            continue;
        }
        *access = PAGING_READ_ONLY;
        memory.end = taken.end < memory.end ? taken.end : memory.end;
    }
    return memory;
}

static enum paging_status map_memory(struct loader *loader, struct range memory)
{
    uint64_t largest = paging_largest_page();

    while (memory.start < memory.end) {
        enum paging_access access;
        struct range part = first_uniform(loader, memory, &access);
        enum paging_status status =
            paging_map_large(&loader->paging, HANDOFF_DIRECT_MAP + part.start, physical(part.start),
                             part.end - part.start, access, largest);
        if (status != PAGING_OK)
            return status;
        memory.start = part.end;
    }
    return PAGING_OK;
}

// Adjacent memory is mapped as one whatever its kind, in the largest pages that it allows. All of
// it is write-back memory, since what firmware does not offer as such is MEMORY_DEVICE: so no large
// page spans two memory types.
static enum paging_status map_all_memory(struct loader *loader, struct memory_map *map)
{
    const uint64_t end = handoff_memory_end();
    struct memory_map_cursor cursor = {0};
    struct range memory;
    uint64_t beyond = 0;
    enum paging_status status = PAGING_OK;

    memory_map_sort(map);
    while (status == PAGING_OK && memory_map_next_mapped(map, &cursor, &memory)) {
        struct range within = {memory.start, memory.end < end ? memory.end : end};
        beyond += range_size(memory);
        if (within.start < within.end) {
            beyond -= range_size(within);
            status = map_memory(loader, within);
        }
    }
    if (beyond > 0)
        writer_print(&loader->firmware.console,
                     "loader: %llu KiB of memory are left out: the map has them beyond 0x%llx, "
                     "where this processor or the kernel has no addresses for them\n",
                     (unsigned long long)beyond / 1024, (unsigned long long)end);
    return status;
}

// ── Both ────────────────────────────────────────────────────────────────────────────────────────

static enum paging_status build(struct loader *loader, struct memory_map *map)
{
    struct range image;

    loader->paging = (struct paging){.new_table = early_heap_new_table, .context = &loader->heap};
    if (!early_heap_new_table(&loader->heap, &loader->paging.root))
        return PAGING_NO_MEMORY;
    // Its page tables are reached through the direct map.
    if (!range_of_pages(&image, loader->image.start, loader->image.pages * PAGE_SIZE) ||
        image.end > handoff_memory_end())
        return PAGING_BAD_RANGE;
    enum paging_status status = map_image(loader);
    return status == PAGING_OK ? map_all_memory(loader, map) : status;
}

// The direct map has what the memory map calls usable. What the firmware has given must be there.
static enum loader_result check_pages(struct loader *loader, const struct memory_map *map,
                                      const struct firmware_pages *pages, const char *name)
{
    uint64_t size = pages->pages * PAGE_SIZE;

    if (size == 0 || memory_map_is_usable(map, pages->start, size))
        return LOADER_DONE;
    return loader_stop(loader, EFI_LOAD_ERROR,
                       "the firmware gave memory at 0x%llx, %llu KiB, for %s, but its memory map "
                       "does not have all of it as usable memory that can be cached",
                       (unsigned long long)pages->start, (unsigned long long)size / 1024, name);
}

static enum loader_result check_memory(struct loader *loader, const struct memory_map *map)
{
    enum loader_result result = check_pages(loader, map, &loader->image, "the kernel");

    for (size_t i = 0; result == LOADER_DONE && i < loader->options.module_count; i++)
        result = check_pages(loader, map, &loader->modules[i].pages, loader->options.modules[i]);
    return result;
}

enum loader_result kernel_mapping_build(struct loader *loader)
{
    struct memory_map map;
    EFI_STATUS read =
        firmware_read_map(&loader->firmware, loader->map_buffer, loader->map_capacity, &map);

    if (EFI_ERROR(read))
        return loader_stop(loader, read,
                           "the firmware's memory map cannot be read: %s; room was made for %llu "
                           "bytes",
                           firmware_map_defect(read), (unsigned long long)loader->map_capacity);
    enum loader_result checked = check_memory(loader, &map);
    if (checked != LOADER_DONE)
        return checked;
    loader->heap.ledger.tag = "page tables";
    enum paging_status status = build(loader, &map);
    if (status == PAGING_OK)
        return LOADER_DONE;
    if (status == PAGING_NO_MEMORY)
        return LOADER_OUT_OF_MEMORY;
    return loader_stop(loader, EFI_LOAD_ERROR, "the kernel's page tables cannot be built: %s",
                       paging_status_name(status));
}
