// SPDX-License-Identifier: MIT
// The mapping of device_map.h. Virtual and physical addresses are congruent modulo 2 MiB, so that a
// large device gets large pages.
#include "boot/kernel/device_map.h"

enum paging_status device_map_add(struct device_map *map, physical_t registers, uint64_t size,
                                  volatile void **mapped)
{
    uint64_t start = page_round_down(registers.value, PAGE_SIZE);
    uint64_t whole = page_round_up(registers.value + size, PAGE_SIZE) - start;
    uintptr_t at = DEVICE_MAP_START + page_round_up(map->used, PAGE_SIZE_2M) + start % PAGE_SIZE_2M;
    enum paging_status status =
        paging_map_large(map->paging, at, physical(start), whole, PAGING_DEVICE, PAGE_SIZE_2M);

    if (status != PAGING_OK)
        return status;
    map->used = at + whole - DEVICE_MAP_START;
    *mapped = (volatile void *)(at + (registers.value - start));
    return PAGING_OK;
}

void device_map_clear(struct device_map *map)
{
    paging_drop_slot(map->paging, DEVICE_MAP_START);
    map->used = 0;
}
