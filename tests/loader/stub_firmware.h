// SPDX-License-Identifier: MIT
// stub_firmware: a stub of UEFI on the host, for the suites of this folder: a system table, pages
// of real memory at fixed addresses, a volume with files, and a console that is recorded. It
// misbehaves as its settings say, and notes what the specification forbids a loader to do.
#ifndef TESTS_LOADER_STUB_FIRMWARE_H
#define TESTS_LOADER_STUB_FIRMWARE_H

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUB_MEMORY_START UINT64_C(0x20000000)
#define STUB_MEMORY_SIZE (UINT64_C(16) << 20)
#define STUB_CONSOLE_SIZE 8192

// Where the firmware says that the loader's image lies. No memory is there.
#define STUB_IMAGE_START UINT64_C(0x10000000)
#define STUB_IMAGE_SIZE UINT64_C(0x5000)

struct stub_file {
    const char *path; // as the firmware names it: \NAME
    const void *data;
    uint64_t size;
};

struct stub_firmware {
    // Settings; all-zero behaves well.
    unsigned failing_allocation; // the number of the AllocatePages that fails, from 1
    unsigned stale_keys;         // ExitBootServices rejects its key so many times
    bool exit_fails;             // ExitBootServices fails for another reason
    unsigned growth;             // descriptors by which the map grows at each look at it
    size_t stride;               // of its descriptors; 0: 48
    uint64_t read_most;          // bytes that one Read gives; 0: all
    uint64_t file_ends_at;       // Read gives nothing from there on; 0: at its size
    bool reads_fail;
    bool reads_too_much;                // Read says that it gave a byte more than it was asked for
    bool pages_wrap;                    // AllocatePages gives the last page of the address space
    size_t extra_map_bytes;             // by which GetMemoryMap overstates the size of the map
    uint64_t screen_start, screen_size; // of the console's framebuffer; 0: good ones
    uint64_t far_memory;                // physical address of a further page of memory; 0: none
    bool low_memory_only;               // AllocatePages of any pages finds some below 1 MiB
    bool has_no_console, has_no_volume, has_no_screen, has_random_numbers;
    bool has_old_tables;                     // ACPI 1.0 and SMBIOS 2 only
    EFI_GRAPHICS_PIXEL_FORMAT screen_format; // of the console's; with masks: 10 bits a colour
    bool screen_has_16_bits;
    bool has_second_screen; // that is memory, behind the console's
    const void *options;
    uint32_t options_size;
    struct stub_file files[8]; // up to one without a path

    // What happened.
    unsigned allocations; // AllocatePages so far
    size_t pages_out;     // pages allocated and not freed
    unsigned frees;       // FreePages so far
    unsigned lookups;     // of protocols, by handle or not
    unsigned opened;      // files and folders so far
    unsigned reads;       // of files
    unsigned lines;       // OutputString so far
    unsigned looks;       // GetMemoryMap so far
    unsigned exits;       // ExitBootServices so far
    bool has_exited;
    unsigned open_files;
    const char *misuse; // NULL: none. What the specification forbids
    char console[STUB_CONSOLE_SIZE];
    size_t console_length;

    EFI_SYSTEM_TABLE system;
};

// Starts a firmware with these settings, and returns its system table. There is one at a time; the
// pages of the one before are lost.
EFI_SYSTEM_TABLE *stub_firmware_start(struct stub_firmware *settings);

// The handle of the loader's image.
EFI_HANDLE stub_firmware_image(void);

// Whether the console has said `text`.
bool stub_firmware_said(const struct stub_firmware *firmware, const char *text);

#endif
