// SPDX-License-Identifier: MIT
// The firmware's types of memory, for the suites that write memory maps: EFI_MEMORY_TYPE,
// UEFI 2.10, 7.2.1. boot/memory_map.c has its own list, which these suites check against.
#ifndef TESTS_BOOT_EFI_MEMORY_H
#define TESTS_BOOT_EFI_MEMORY_H

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
