// SPDX-License-Identifier: MIT
// elf: the ELF loader's check of a kernel file: all of it before a byte is loaded, and where each
// segment goes. Pure C without UEFI types, so that tests and fuzzers run it on the host too.
//
// Source of the layout and of the names: System V ABI, chapters 4 and 5 ("ELF Header", "Program
// Header"), and its AMD64 supplement.
#ifndef BOOT_LOADER_ELF_H
#define BOOT_LOADER_ELF_H

#include "kmem/writer.h"

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
};

enum elf_status {
    ELF_OK,
    ELF_TOO_SHORT,
    ELF_BAD_MAGIC,
    ELF_BAD_CLASS,
    ELF_BAD_BYTE_ORDER,
    ELF_BAD_VERSION,
    ELF_BAD_TYPE,
    ELF_BAD_MACHINE,
    ELF_BAD_HEADER_SIZE,
    ELF_BAD_PROGRAM_HEADER_SIZE,
    ELF_NO_PROGRAM_HEADERS,
    ELF_PROGRAM_HEADERS_OUTSIDE,
    ELF_SECTION_HEADERS_OUTSIDE,
    ELF_INTERPRETER,
    ELF_UNKNOWN_PROGRAM_HEADER,
    ELF_TOO_MANY_SEGMENTS,
    ELF_NO_SEGMENTS,
    ELF_SEGMENT_OUTSIDE,
    ELF_SEGMENT_LARGER_IN_FILE,
    ELF_SEGMENT_WRAPS,
    ELF_SEGMENT_MISALIGNED,
    ELF_SEGMENT_INCONGRUENT,
    ELF_SEGMENT_TOO_LOW,
    ELF_SEGMENT_WRITABLE_AND_EXECUTABLE,
    ELF_SEGMENT_UNREADABLE,
    ELF_SEGMENT_NOT_WHOLE,
    ELF_SEGMENTS_OVERLAP,
    ELF_NO_REGION,
    ELF_SECOND_REGION,
    ELF_OTHER_HANDOFF,
    ELF_REGION_IN_FILE,
    ELF_REGION_MISALIGNED,
    ELF_REGION_EMPTY,
    ELF_REGION_FLAGS,
    ELF_REGION_NOT_LAST,
    ELF_ENTRY_OUTSIDE,
    ELF_ENTRY_NOT_EXECUTABLE,
};

// What is wrong with a file, with the numbers that elf_describe() prints.
struct elf_defect {
    enum elf_status status;
    uint64_t numbers[3];
};

// Checks the file [file, file + size), at any alignment, and fills in `image`. Returns false iff
// the file has a defect: the first one found is in `defect`, and `image` must not be used. A file
// that passes has every range inside the file or the address space, without overflow; segments and
// region that share no page; nothing both writable and executable; an entry point in executable
// bytes of the file; the region as the last part of the image; this version of boot/handoff.h.
// O(program headers²).
bool elf_check(const void *file, size_t size, struct elf_image *image, struct elf_defect *defect);

// Writes the defect as a sentence without a line end. Constant time.
void elf_describe(const struct writer *writer, const struct elf_defect *defect);

#endif
