// SPDX-License-Identifier: MIT
// elf: the ELF loader's check of a kernel file: all of it before a byte is loaded, and where each
// segment goes. Pure C without UEFI types, so that tests and fuzzers run it on the host too.
//
// Source of the layout and of the names: System V ABI, chapters 4 and 5 ("ELF Header", "Program
// Header"), and its AMD64 supplement.
#ifndef BOOT_LOADER_ELF_H
#define BOOT_LOADER_ELF_H

#include "boot/loader/elf_defect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 16

struct elf_segment {
    uint64_t number;            // of its program header
    uint64_t offset, file_size; // bytes of the file
    uint64_t start, end;        // virtual addresses; `start` is page-aligned
    bool writable, executable;
};

// The parts of a kernel file that passed.
struct elf_image {
    uint64_t entry;                    // virtual
    uint64_t start, end;               // virtual, page-aligned: all segments and the region
    uint64_t region_start, region_end; // likewise; region_end == end
    struct elf_segment segments[ELF_SEGMENTS_MAX]; // in the order of the file
    size_t segment_count;
    bool has_note; // boot/file_note.h: segments and bytes are those that were linked
    // Without a note: p_paddr of the region is its p_vaddr, as GNU strip and objcopy leave it, so
    // that only the kernel can tell which version of the handoff it keeps.
    bool version_is_lost;
};

// Checks the file [file, file + size), at any alignment, and fills in `image`. Returns false iff
// the file has a defect: the first one found is in `defect`, and `image` must not be used. A file
// that passes has every range inside the file or the address space, without overflow; segments and
// region that share no page; nothing both writable and executable; an entry point in executable
// bytes of the file; the region as the last part of the image; this version of boot/handoff.h,
// unless that is lost; and, if it has a note, what was linked. O(bytes + program headers²).
bool elf_check(const void *file, size_t size, struct elf_image *image, struct elf_defect *defect);

#endif
