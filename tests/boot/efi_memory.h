// SPDX-License-Identifier: MIT
// efi_memory: the descriptors of a UEFI memory map and their types, for the tests that write maps.
// boot/memory_map.c has its own list, which these tests check.
#ifndef TESTS_BOOT_EFI_MEMORY_H
#define TESTS_BOOT_EFI_MEMORY_H

#include <stdint.h>

// EFI_MEMORY_DESCRIPTOR, UEFI 2.10, 7.2.3: the 40 bytes of it that every version has.
struct descriptor {
    uint32_t type, padding;
    uint64_t start, virtual_start, pages, attribute;
};

// Its attributes.
#define UNCACHED UINT64_C(1)
#define WB UINT64_C(8)
#define ANY_CACHE UINT64_C(0xf) // UC, WC, WT and WB
#define SPECIAL_PURPOSE (UINT64_C(1) << 18)
#define RUNTIME (UINT64_C(1) << 63)

// EFI_MEMORY_TYPE, UEFI 2.10, 7.2.1.
enum efi_memory_type {
    RESERVED = 0,
    LOADER_CODE = 1,
    LOADER_DATA = 2,
    BOOT_CODE = 3,
    BOOT_DATA = 4,
    RUNTIME_CODE = 5,
    RUNTIME_DATA = 6,
    CONVENTIONAL = 7,
    UNUSABLE = 8,
    ACPI_TABLES = 9,
    ACPI_NVS = 10,
    MAPPED_IO = 11,
    PORT_SPACE = 12,
    PAL_CODE = 13,
    PERSISTENT = 14,
    UNKNOWN_TYPE = 0x7abcdef0,
};

#endif
