// SPDX-License-Identifier: MIT
// What this kernel uses of UEFI (Specification 2.10, 4.3, 7.2, 8.5.1 and 12.4), for any processor.
// Members that it does not use are only counted.
#ifndef TESTS_EMBED_PARTS_UEFI_H
#define TESTS_EMBED_PARTS_UEFI_H

#include <stddef.h>
#include <stdint.h>

typedef size_t efi_status;
typedef void *efi_handle;

struct efi_header {
    uint64_t signature;
    uint32_t revision, size, checksum, reserved;
};

struct efi_text_output {
    void *reset;
    efi_status (*output_string)(struct efi_text_output *output, const uint16_t *text);
};

enum efi_allocate { EFI_ALLOCATE_ANY, EFI_ALLOCATE_BELOW, EFI_ALLOCATE_ADDRESS };
enum efi_memory { EFI_LOADER_DATA = 2 };

struct efi_boot_services {
    struct efi_header header;
    void *priority[2];
    efi_status (*allocate_pages)(enum efi_allocate how, enum efi_memory type, size_t pages,
                                 uint64_t *address);
    void *free_pages;
    efi_status (*get_memory_map)(size_t *size, void *descriptors, size_t *key, size_t *stride,
                                 uint32_t *version);
};

enum efi_reset { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

struct efi_runtime_services {
    struct efi_header header;
    void *time[4], *virtual_memory[2], *variables[3], *high_monotonic_count;
    void (*reset_system)(enum efi_reset type, efi_status status, size_t size, const void *data);
};

struct efi_system_table {
    struct efi_header header;
    const uint16_t *vendor;
    uint32_t revision;
    efi_handle input_handle;
    void *input;
    efi_handle output_handle;
    struct efi_text_output *output;
    efi_handle error_handle;
    struct efi_text_output *error;
    struct efi_runtime_services *runtime;
    struct efi_boot_services *boot;
};

#endif
