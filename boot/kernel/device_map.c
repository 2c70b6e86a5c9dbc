// SPDX-License-Identifier: MIT
// The mappings of device_map.h. Which places are free is read from the page tables themselves.
#include "boot/kernel/device_map.h"

#include "boot/range.h"

#define SLOT_SIZE (UINT64_C(512) << 30)
#define SLOT_END (DEVICE_MAP_START + SLOT_SIZE)

// The whole pages of a piece of physical memory. False iff there are none, or the processor cannot
// address them.
static bool find_pages(struct range *pages, physical_t start, uint64_t size)
{
    return size > 0 && range_of_pages(pages, start.value, size) &&
           pages->end <= paging_physical_end() && range_size(*pages) <= SLOT_SIZE;
}

// The lowest place with room for the pages; SLOT_END if there is none.
static uintptr_t find_hole(const struct device_map *map, struct range pages)
{
    uint64_t step = range_size(pages) >= PAGE_SIZE_2M ? PAGE_SIZE_2M : PAGE_SIZE;
    uintptr_t at = DEVICE_MAP_START + pages.start % step;
    uintptr_t end = at;

    while (end - at < range_size(pages)) {
        if (at > SLOT_END - range_size(pages))
            return SLOT_END;
        struct paging_lookup found = paging_lookup(map->paging, end);
        end = page_round_down(end, found.page_size) + found.page_size;
        if (found.present) {
            at = end + (pages.start - end) % step;
            end = at;
        }
    }
    return at;
}

// Unmaps what is mapped of [at, at + size), whole pages of any size.
static void unmap(struct device_map *map, uintptr_t at, uint64_t size)
{
    for (uint64_t done = 0; done < size;) {
        struct paging_lookup found = paging_lookup(map->paging, at + done);
        if (found.present)
            (void)paging_unmap(map->paging, at + done, found.page_size);
        done += found.present ? found.page_size : PAGE_SIZE;
    }
}

static enum paging_status map_at(struct device_map *map, uintptr_t at, struct range pages,
                                 enum paging_access access)
{
    uint64_t size = range_size(pages);
    enum paging_status status =
        paging_map_large(map->paging, at, physical(pages.start), size, access, PAGE_SIZE_2M);

    if (status != PAGING_OK) {
        unmap(map, at, size); // the pages that came before the missing table
        return status;
    }
    uint64_t used = size + (at - DEVICE_MAP_START);
    map->used = used > map->used ? used : map->used;
    return PAGING_OK;
}

// Maps a device, and sets `mapped` to the address of its first byte.
static enum paging_status map_device(struct device_map *map, physical_t start, uint64_t size,
                                     enum paging_access access, uintptr_t *mapped)
{
    struct range pages;

    if (!find_pages(&pages, start, size))
        return PAGING_BAD_RANGE;
    if (handoff_is_memory(map->paging, pages.start, range_size(pages)))
        return PAGING_IS_MEMORY;
    uintptr_t at = find_hole(map, pages);
    *mapped = at + (start.value - pages.start);
    return at == SLOT_END ? PAGING_BAD_RANGE : map_at(map, at, pages, access);
}

enum paging_status device_map_add(struct device_map *map, physical_t registers, uint64_t size,
                                  volatile void **mapped)
{
    uintptr_t at;
    enum paging_status status = map_device(map, registers, size, PAGING_DEVICE, &at);

    if (status == PAGING_OK)
        *mapped = (volatile void *)at;
    return status;
}

enum paging_status device_map_framebuffer(struct device_map *map, physical_t start, uint64_t size,
                                          void **mapped)
{
    uintptr_t at;
    enum paging_access access = map->combines ? PAGING_WRITE_COMBINING : PAGING_DEVICE;
    enum paging_status status = map_device(map, start, size, access, &at);

    if (status == PAGING_OK)
        *mapped = (void *)at;
    return status;
}

// Whether all of `pages` are mapped from `at` on, read-only.
static bool has_read_only(const struct device_map *map, uintptr_t at, struct range pages)
{
    for (uint64_t done = 0; done < range_size(pages); done += PAGE_SIZE) {
        struct paging_lookup found = paging_lookup(map->paging, at + done);
        if (!found.present || found.writable || found.to.value != pages.start + done)
            return false;
    }
    return true;
}

// Where `pages` are mapped read-only; SLOT_END if they are not.
static uintptr_t find_read_only(const struct device_map *map, struct range pages)
{
    for (uintptr_t at = DEVICE_MAP_START; at - DEVICE_MAP_START < map->used;) {
        struct paging_lookup found = paging_lookup(map->paging, at);
        if (has_read_only(map, at, pages))
            return at;
        at = page_round_down(at, found.page_size) + found.page_size;
    }
    return SLOT_END;
}

enum paging_status device_map_read_only(struct device_map *map, physical_t start, uint64_t size,
                                        const void **mapped)
{
    enum paging_status status = PAGING_OK;
    struct range pages;

    if (!find_pages(&pages, start, size))
        return PAGING_BAD_RANGE;
    uintptr_t at = find_read_only(map, pages);
    if (at == SLOT_END) {
        at = find_hole(map, pages);
        status = at == SLOT_END ? PAGING_BAD_RANGE : map_at(map, at, pages, PAGING_READ_ONLY);
    }
    if (status == PAGING_OK)
        *mapped = (const void *)(at + (start.value - pages.start));
    return status;
}

void device_map_remove(struct device_map *map, const volatile void *mapped, uint64_t size)
{
    struct range pages;

    if (range_of_pages(&pages, (uintptr_t)mapped, size))
        unmap(map, pages.start, range_size(pages));
}

void device_map_clear(struct device_map *map)
{
    paging_drop_slot(map->paging, DEVICE_MAP_START);
    map->used = 0;
}
