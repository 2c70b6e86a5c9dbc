// SPDX-License-Identifier: MIT
// The readers of region_sources.h.
#include "region_sources.h"

// A little-endian number.
static uint64_t region_read(const unsigned char *at, size_t width)
{
    uint64_t value = 0;

    while (width > 0)
        value = value << 8 | at[--width];
    return value;
}

// ── UEFI ────────────────────────────────────────────────────────────────────────────────────────

enum {
    UEFI_DESCRIPTOR_SIZE = 40,
    UEFI_LOADER_CODE = 1,
    UEFI_BOOT_SERVICES_DATA = 4,
    UEFI_CONVENTIONAL = 7,
    UEFI_ACPI_RECLAIM = 9,
};
#define UEFI_WRITE_BACK UINT64_C(0x8)
#define UEFI_NOT_FREE UINT64_C(0x8000000000040000) // for runtime services, or special-purpose

static uint32_t region_uefi_kind(uint64_t type, uint64_t attribute)
{
    if ((attribute & (UEFI_NOT_FREE | UEFI_WRITE_BACK)) != UEFI_WRITE_BACK)
        return REGION_RESERVED;
    if (type == UEFI_CONVENTIONAL)
        return REGION_USABLE;
    if ((type >= UEFI_LOADER_CODE && type <= UEFI_BOOT_SERVICES_DATA) || type == UEFI_ACPI_RECLAIM)
        return REGION_RECLAIMABLE;
    return REGION_RESERVED;
}

bool region_add_uefi(struct region_map *map, const void *descriptors, size_t size, size_t stride)
{
    const unsigned char *at = descriptors;

    if (stride < UEFI_DESCRIPTOR_SIZE)
        return false;
    for (; size >= stride; size -= stride, at += stride) {
        uint64_t pages = region_read(at + 24, 8);
        uint64_t bytes = pages > UINT64_MAX >> 12 ? UINT64_MAX : pages << 12;
        region_add(map, region_read(at + 8, 8), bytes,
                   region_uefi_kind(region_read(at, 4), region_read(at + 32, 8)));
    }
    return true;
}

// ── Limine ──────────────────────────────────────────────────────────────────────────────────────

void region_add_limine(struct region_map *map, const void *entries, uint64_t count)
{
    static const uint32_t kinds[] = {
        REGION_USABLE,      REGION_RESERVED, REGION_RECLAIMABLE, // ACPI's tables
        REGION_RESERVED,                                         // ACPI NVS
        REGION_RESERVED,                                         // bad
        REGION_RECLAIMABLE, REGION_TAKEN,                        // the executable and its modules
    };
    const uint64_t *const *entry = entries; // base, length, type

    for (; count > 0; count--, entry++) {
        uint64_t type = (*entry)[2];
        region_add(map, (*entry)[0], (*entry)[1],
                   type < sizeof kinds / sizeof kinds[0] ? kinds[type] : REGION_RESERVED);
    }
}

// ── Multiboot and E820 ──────────────────────────────────────────────────────────────────────────

// An entry as the BIOS gives it: base, length, type. The others have taken it over.
enum { E820_SIZE = 20, E820_USABLE = 1, E820_ACPI_RECLAIM = 3 };

static void region_add_entry(struct region_map *map, const unsigned char *at)
{
    uint64_t type = region_read(at + 16, 4);

    region_add(map, region_read(at, 8), region_read(at + 8, 8),
               type == E820_USABLE         ? REGION_USABLE
               : type == E820_ACPI_RECLAIM ? REGION_RECLAIMABLE
                                           : REGION_RESERVED);
}

bool region_add_e820(struct region_map *map, const void *entries, size_t count, size_t stride)
{
    const unsigned char *at = entries;

    if (stride < E820_SIZE)
        return false;
    for (; count > 0; count--, at += stride)
        region_add_entry(map, at);
    return true;
}

// An entry's size stands before it, and does not count itself.
bool region_add_multiboot1(struct region_map *map, const void *entries, size_t length)
{
    const unsigned char *at = entries;

    while (length > 0) {
        size_t size = length < 4 ? 0 : (size_t)region_read(at, 4);
        if (size < E820_SIZE || size > length - 4)
            return false;
        region_add_entry(map, at + 4);
        at += size + 4;
        length -= size + 4;
    }
    return true;
}

enum {
    MULTIBOOT2_END = 0,
    MULTIBOOT2_MODULE = 3,
    MULTIBOOT2_MEMORY_MAP = 6,
};

static bool region_add_module(struct region_map *map, const unsigned char *tag, size_t size)
{
    if (size < 16)
        return false;
    uint64_t start = region_read(tag + 8, 4), end = region_read(tag + 12, 4);
    if (start > end)
        return false;
    region_add(map, start, end - start, REGION_TAKEN);
    return true;
}

static bool region_add_entries(struct region_map *map, const unsigned char *tag, size_t size)
{
    if (size < 16)
        return false;
    size_t stride = (size_t)region_read(tag + 8, 4);
    if (stride < E820_SIZE)
        return false;
    for (tag += 16, size -= 16; size >= stride; tag += stride, size -= stride)
        region_add_entry(map, tag);
    return true;
}

// Tags begin at multiples of 8.
bool region_add_multiboot2(struct region_map *map, const void *information)
{
    const unsigned char *at = information;
    const unsigned char *end = at + region_read(at, 4);
    bool has_map = false;
    bool is_sound = true;

    for (at += 8; is_sound && end - at >= 8;) {
        uint64_t type = region_read(at, 4);
        size_t size = (size_t)region_read(at + 4, 4), left = (size_t)(end - at);
        size_t padding = (0 - size) & 7;
        if (type == MULTIBOOT2_END)
            return has_map;
        if (size < 8 || size > left)
            return false;
        if (type == MULTIBOOT2_MODULE)
            is_sound = region_add_module(map, at, size);
        if (type == MULTIBOOT2_MEMORY_MAP)
            has_map = is_sound = region_add_entries(map, at, size);
        at += padding < left - size ? size + padding : left;
    }
    return false;
}
