// SPDX-License-Identifier: MIT
// The memory map of region.h.
#include "region.h"

void *memmove(void *to, const void *from, size_t size);

static uint64_t region_lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t region_upper(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void region_init(struct region_map *map, struct region *entries, size_t capacity)
{
    *map = (struct region_map){.entries = entries, .capacity = capacity};
}

static void region_move(struct region_map *map, size_t from, size_t to)
{
    memmove(&map->entries[to], &map->entries[from], (map->count - from) * sizeof *map->entries);
    map->count = map->count - from + to;
}

static bool region_insert(struct region_map *map, size_t index, struct region entry)
{
    if (map->count == map->capacity) {
        map->lacking++;
        return false;
    }
    region_move(map, index, index + 1);
    map->entries[index] = entry;
    return true;
}

// The number of the first entry that ends at `address` or behind it.
static size_t region_first(const struct region_map *map, uint64_t address)
{
    size_t first = 0, beyond = map->count;

    // Most maps are read in ascending order: then it is the last, or behind it.
    if (beyond > 0 && map->entries[beyond - 1].start < address)
        first = beyond - 1;
    while (first < beyond) {
        size_t middle = first + (beyond - first) / 2;
        if (map->entries[middle].end < address)
            first = middle + 1;
        else
            beyond = middle;
    }
    return first;
}

// Makes the range as large as it is together with the entries of its kind that it overlaps or
// touches.
static void region_absorb(const struct region_map *map, struct region *range)
{
    const struct region added = *range;

    for (size_t i = region_first(map, added.start); i < map->count; i++) {
        const struct region *entry = &map->entries[i];
        if (entry->start > added.end)
            return;
        if (entry->kind != added.kind)
            continue;
        range->start = region_lower(range->start, entry->start);
        range->end = region_upper(range->end, entry->end);
    }
}

// Takes the range out of the entries that are not stricter than `strictest`. Where that leaves two
// parts and there is no room for them, the larger one stays.
static void region_cut(struct region_map *map, const struct region *range, uint32_t strictest)
{
    size_t first = region_first(map, range->start), beyond = first;

    while (beyond < map->count && map->entries[beyond].start < range->end)
        beyond++;
    for (size_t i = beyond; i > first; i--) {
        struct region *entry = &map->entries[i - 1];
        const struct region below = {entry->start, region_lower(entry->end, range->start),
                                     entry->kind};
        const struct region above = {region_upper(entry->start, range->end), entry->end,
                                     entry->kind};

        if (entry->kind > strictest)
            continue;
        if (below.start >= below.end && above.start >= above.end)
            region_move(map, i, i - 1);
        else if (below.start >= below.end)
            *entry = above;
        else if (above.start >= above.end || region_insert(map, i, above))
            *entry = below;
        else
            *entry = below.end - below.start < above.end - above.start ? above : below;
    }
}

// Makes entries of the holes in the range.
static void region_fill(struct region_map *map, struct region range)
{
    for (size_t i = region_first(map, range.start); range.start < range.end; i++) {
        uint64_t next = i < map->count ? map->entries[i].start : range.end;
        const struct region hole = {range.start, region_lower(next, range.end), range.kind};

        if (hole.start >= hole.end)
            range.start = region_upper(range.start, map->entries[i].end);
        else if (region_insert(map, i, hole))
            range.start = hole.end;
        else
            return;
    }
}

// A map that lacks an entry only loses memory: what it does not know to be stricter might be.
static void region_put(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind,
                       uint32_t strictest)
{
    uint64_t most = UINT64_MAX - start;
    struct region range = {start, start + region_lower(size, most), kind};

    map->empty += size == 0;
    map->cut += size > most;
    if (range.start == range.end || (map->lacking > 0 && kind == REGION_USABLE))
        return;
    region_absorb(map, &range);
    region_cut(map, &range, strictest);
    if (map->lacking == 0)
        region_fill(map, range);
}

void region_add(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind)
{
    region_put(map, start, size, kind, kind);
}

void region_set(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind)
{
    region_put(map, start, size, kind, UINT32_MAX);
}

void region_reclaim(struct region_map *map)
{
    for (size_t i = map->count; i > 0; i--) {
        struct region *entry = &map->entries[i - 1];
        const struct region *next = entry + 1;

        if (entry->kind == REGION_RECLAIMABLE)
            entry->kind = REGION_USABLE;
        if (i == map->count || next->kind != entry->kind || next->start != entry->end)
            continue;
        entry->end = next->end;
        region_move(map, i + 1, i);
    }
}

static bool region_is_power_of_two(uint64_t align)
{
    return align != 0 && (align & (align - 1)) == 0;
}

// Rounds `start` up. Returns false, and changes nothing, iff that is not below `end`.
static bool region_round_up(uint64_t *start, uint64_t end, uint64_t align)
{
    uint64_t padding = (0 - *start) & (align - 1);

    if (*start >= end || padding >= end - *start)
        return false;
    *start += padding;
    return true;
}

bool region_take(struct region_map *map, const struct region_request *request, uint64_t *start)
{
    if (request->size == 0 || !region_is_power_of_two(request->align))
        return false;
    for (size_t i = 0; i < map->count; i++) {
        const struct region *entry = &map->entries[i];
        uint64_t from = region_upper(entry->start, request->lowest);
        uint64_t end = region_lower(entry->end, request->limit);
        if (entry->kind == REGION_USABLE && region_round_up(&from, end, request->align) &&
            request->size <= end - from) {
            region_add(map, from, request->size, REGION_TAKEN);
            *start = from;
            return true;
        }
    }
    return false;
}

bool region_next(const struct region_map *map, uint64_t granule, struct region *range)
{
    if (!region_is_power_of_two(granule))
        return false;
    for (size_t i = region_first(map, range->end); i < map->count; i++) {
        const struct region *entry = &map->entries[i];
        uint64_t start = region_upper(entry->start, range->end);
        uint64_t end = entry->end & ~(granule - 1);
        if (entry->kind == REGION_USABLE && region_round_up(&start, end, granule)) {
            *range = (struct region){start, end, REGION_USABLE};
            return true;
        }
    }
    return false;
}
