// SPDX-License-Identifier: MIT
// firmware: the UEFI services that the boot loader uses, in the loader's terms: console, pages,
// files, configuration tables, memory map, ExitBootServices. Nothing here knows about kernels.
//
// "UEFI" is the UEFI specification 2.10, by section. An EFI_STATUS that is returned is the
// firmware's own unless stated otherwise. All of it only while boot services are intact.
#ifndef BOOT_LOADER_FIRMWARE_H
#define BOOT_LOADER_FIRMWARE_H

#include "arch/x86_64/address.h"
#include "boot/memory_map.h"
#include "boot/range.h"
#include "kmem/writer.h"

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIRMWARE_LINE 128 // characters of the console's line, CR, LF and NUL included

struct firmware {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_LOADED_IMAGE *loaded; // what the firmware knows about the loader; NULL: nothing
    EFI_FILE_HANDLE volume;   // the root directory that files are read from; NULL: not open
    struct writer console;    // the firmware's console, written line by line; a long line in parts
    CHAR16 line[FIRMWARE_LINE];
    UINTN line_length;
};

// Prepares `firmware`, which must not move afterwards, for the application `image`, and disables
// the firmware's watchdog, which would reset the machine after five minutes (UEFI 3.1.2).
void firmware_open(struct firmware *firmware, EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

// Whether the firmware has a console: its output, or that for errors. What is written is dropped
// where it has none; the user may set `console` to another writer then.
bool firmware_has_console(const struct firmware *firmware);

// Writes what a status means, in the words of the specification (UEFI appendix D).
void firmware_print_status(const struct writer *writer, EFI_STATUS status);

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

// Pages of 4 KiB, contiguous; all-zero: none. [start, start + pages × 4 KiB) does not wrap.
struct firmware_pages {
    EFI_PHYSICAL_ADDRESS start;
    UINTN pages;
    UINTN before, behind; // pages that were allocated only to align `start`
};

// Allocates `size` bytes, not 0, of loader data at a multiple of `align`, a power of two from
// 4 KiB. The pages before and behind stay allocated until firmware_free(): to free them costs the
// firmware more than all else that a boot asks of it, and loader data is free after the exit
// anyway. Never below 1 MiB, where the kernel starts other processors.
// Fails as AllocatePages does, or with EFI_OUT_OF_RESOURCES if only memory below 1 MiB is left.
EFI_STATUS firmware_allocate(struct firmware *firmware, uint64_t size, uint64_t align,
                             struct firmware_pages *pages);

// Allocates `size` bytes, not 0, of loader data at `start`, a multiple of 4 KiB.
// Fails as AllocatePages does; EFI_NOT_FOUND: not free there.
EFI_STATUS firmware_allocate_at(struct firmware *firmware, uint64_t size,
                                EFI_PHYSICAL_ADDRESS start, struct firmware_pages *pages);

// Frees pages and makes them none. Does nothing if they are none already.
void firmware_free(struct firmware *firmware, struct firmware_pages *pages);

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

// Reads a file from the volume that the loader was started from: to `buffer`, which has room for
// `most` bytes, or to `pages` if that is NULL. `size` is the file's size wherever it is known, else
// 0. The volume stays open for the next file.
// Fails iff there is no such file (EFI_NOT_FOUND), the loader was not started from a volume with a
// file system (EFI_NO_MEDIA), the file has more than `most` bytes (EFI_BAD_BUFFER_SIZE), it ends
// early (EFI_END_OF_FILE), there is no memory for it, or it cannot be read.
EFI_STATUS firmware_read_file(struct firmware *firmware, const CHAR16 *name, uint64_t most,
                              void *buffer, struct firmware_pages *pages, uint64_t *size);

// Closes the volume if it is open.
void firmware_close_volume(struct firmware *firmware);

// ── What the firmware knows ─────────────────────────────────────────────────────────────────────

// The load options that the loader was started with (UEFI 9.1): any bytes; `size` 0: none.
struct firmware_options {
    const void *data;
    uint64_t size;
};
struct firmware_options firmware_load_options(const struct firmware *firmware);

// Gives a number from the firmware's random number generator (UEFI 37.5).
// Fails iff there is none (EFI_NOT_FOUND) or it has no number.
EFI_STATUS firmware_random(struct firmware *firmware, uint64_t *number);

// Tables that the firmware's configuration table names (UEFI 4.6), by physical address; 0: none.
struct firmware_tables {
    uint64_t acpi_rsdp;   // of ACPI 2.0 if there is one, else of 1.0
    uint64_t acpi_rsdp_1; // of 1.0 if there is one of 2.0 too
    uint64_t smbios;      // of SMBIOS 3 if there is one, else of 2
};
struct firmware_tables firmware_find_tables(const struct firmware *firmware);

// The linear framebuffer, of 32 bits a pixel, of the console's graphics output (UEFI 12.9), or of
// the first other one that has a good one, which is said; `size` 0: none.
struct firmware_framebuffer {
    uint64_t physical, size;
    uint32_t width, height, pixels_per_line, format;
    EFI_PIXEL_BITMASK masks; // whatever the format
};
struct firmware_framebuffer firmware_find_framebuffer(struct firmware *firmware);

// ── Memory map and exit ─────────────────────────────────────────────────────────────────────────

// Gives the size of a buffer for the memory map, in whole pages, with room for some descriptors
// that later allocations and the firmware's own timers may add.
// Fails iff the firmware does not tell or its descriptors are too small
// (EFI_INCOMPATIBLE_VERSION).
EFI_STATUS firmware_map_capacity(struct firmware *firmware, uint64_t *capacity);

// Reads the memory map to a buffer of `capacity` bytes, which `map` then describes.
// Fails iff it does not fit (EFI_BUFFER_TOO_SMALL), is not made of descriptors of at least 40 bytes
// (EFI_INCOMPATIBLE_VERSION), or the firmware fails.
EFI_STATUS firmware_read_map(struct firmware *firmware, void *buffer, uint64_t capacity,
                             struct memory_map *map);

// What it means, in a few words, that reading the memory map has failed so.
const char *firmware_map_defect(EFI_STATUS status);

// Reads the memory map to pages of its own, which the caller frees.
// Fails iff one of the above or the allocation does; `pages` are none then.
EFI_STATUS firmware_copy_map(struct firmware *firmware, struct firmware_pages *pages,
                             struct memory_map *map);

enum firmware_exit {
    FIRMWARE_EXITED,      // boot services have ended; only runtime services may be called
    FIRMWARE_INTACT,      // the memory map cannot be read; boot services are as they were
    FIRMWARE_EXIT_FAILED, // ExitBootServices failed; boot services may be partly shut down
};

// Ends boot services (UEFI 7.4.6) and leaves the final memory map, and the version of its
// descriptors, in `buffer`. Reads the map anew for each of 8 tries, because a timer of the firmware
// may change it in between, and allocates nothing. `status` says why it failed.
enum firmware_exit firmware_exit(struct firmware *firmware, void *buffer, uint64_t capacity,
                                 struct memory_map *map, uint32_t *version, EFI_STATUS *status);

#endif
