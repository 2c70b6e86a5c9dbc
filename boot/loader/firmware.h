// SPDX-License-Identifier: MIT
// firmware: what the loader asks of UEFI, in the loader's terms: a console to write to, pages,
// files, tables, and the way out. Nothing here knows about kernels.
//
// "UEFI" is the UEFI specification 2.10, by section.
#ifndef BOOT_LOADER_FIRMWARE_H
#define BOOT_LOADER_FIRMWARE_H

#include "arch/x86_64/address.h"
#include "boot/memory_map.h"
#include "kmem/writer.h"

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIRMWARE_LINE 128 // characters of the console's line, CR, LF and NUL included

struct firmware {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_LOADED_IMAGE *loaded; // what the firmware knows of the loader; NULL: nothing
    EFI_FILE_HANDLE volume;   // the top folder that files are read from; NULL: not opened
    struct writer console;    // the firmware's: screen and serial line as it has them, by lines
    CHAR16 line[FIRMWARE_LINE];
    UINTN line_length;
};

// Prepares `firmware` and switches the firmware's watchdog off, which would reset the machine
// after five minutes (UEFI 3.1.2). `firmware` must stay where it is.
void firmware_open(struct firmware *firmware, EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

// What a status means, in the specification's words (UEFI appendix D). Writes it to `console`.
void firmware_print_status(struct firmware *firmware, EFI_STATUS status);

// Bytes in pages of the firmware's, anywhere: 4 KiB each. `pages` 0: nothing.
struct firmware_pages {
    EFI_PHYSICAL_ADDRESS start;
    UINTN pages;
    UINTN before, behind; // pages that the alignment leaves over on both sides
};

// Allocates loader memory of `size` bytes that begins at a multiple of `align`, a power of two
// from 4 KiB. What the alignment leaves over is kept until firmware_free(): to give a page back
// costs the firmware more than all else that a boot asks of it, and at the exit loader memory is
// free anyway. Never below 1 MiB: that is left to the kernel, whose other processors start there.
EFI_STATUS firmware_allocate(struct firmware *firmware, uint64_t size, uint64_t align,
                             struct firmware_pages *pages);
// The same at `start`, a multiple of 4 KiB. EFI_NOT_FOUND: not free there.
EFI_STATUS firmware_allocate_at(struct firmware *firmware, uint64_t size,
                                EFI_PHYSICAL_ADDRESS start, struct firmware_pages *pages);
void firmware_free(struct firmware *firmware, struct firmware_pages *pages);

// Reads a file from the volume that the loader was started from, in one read where the firmware
// is willing: to `buffer`, which has room for `most` bytes, or to `pages` if that is NULL.
// EFI_NOT_FOUND: no such file. EFI_NO_MEDIA: the loader was started from no volume with a file
// system. EFI_BAD_BUFFER_SIZE: the file has more than `most` bytes; `size` says how many, in any
// case. The volume stays open for the next file.
EFI_STATUS firmware_read_file(struct firmware *firmware, const CHAR16 *name, uint64_t most,
                              void *buffer, struct firmware_pages *pages, uint64_t *size);

// Closes the volume, if files were read from it.
void firmware_close_volume(struct firmware *firmware);

// Where the firmware put the loader's first byte; 0: it does not say.
uint64_t firmware_image_base(struct firmware *firmware);

// What the loader was started with (UEFI 9.1, LoadOptions): any bytes; `size` 0 if none.
struct firmware_options {
    const void *data;
    uint64_t size;
};
struct firmware_options firmware_load_options(struct firmware *firmware);

// A number from the firmware's generator of random numbers (UEFI 37.5), if it has one.
EFI_STATUS firmware_random(struct firmware *firmware, uint64_t *number);

// The vendor tables that firmware offers (UEFI 4.6), by physical address; 0: not offered.
struct firmware_tables {
    uint64_t acpi_rsdp; // of ACPI 2.0 if there is one
    uint64_t smbios;    // of SMBIOS 3 if there is one
};
struct firmware_tables firmware_find_tables(const struct firmware *firmware);

// The framebuffer of the first graphics output; `size` 0 if there is none that is linear memory.
struct firmware_framebuffer {
    uint64_t physical, size;
    uint32_t width, height, pixels_per_line, format;
};
struct firmware_framebuffer firmware_find_framebuffer(struct firmware *firmware);

// How many bytes a buffer must have to hold the memory map, by the firmware's own word, and the
// stride of its descriptors.
EFI_STATUS firmware_map_size(struct firmware *firmware, uint64_t *size, uint64_t *stride);

// Reads the memory map into a buffer of `capacity` bytes. `key` names this state of the map.
EFI_STATUS firmware_read_map(struct firmware *firmware, void *buffer, uint64_t capacity,
                             struct memory_map *map, UINT32 *version, UINTN *key);

// Ends boot services: afterwards nothing of the firmware but its runtime services may be called,
// the console least of all. The map that the firmware then left is in `buffer`. Reads the map anew
// for each of a bounded number of tries, as a timer of the firmware may change it in between, and
// allocates nothing (UEFI 7.4.6). `exiting` tells whether boot services may already be gone when
// this fails: then only the serial line is left to say so.
EFI_STATUS firmware_exit(struct firmware *firmware, void *buffer, uint64_t capacity,
                         struct memory_map *map, UINT32 *version, bool *exiting);

#endif
