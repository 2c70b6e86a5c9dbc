// SPDX-License-Identifier: MIT
// elf: checks a kernel file, all of it, before a byte is loaded, and says where its parts go. Pure
// C without firmware types: the loader runs it, and so do tests and fuzzers on the host.
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
    uint64_t offset, file_size; // bytes of the file
    uint64_t start, end;        // virtual addresses; `start` is page-aligned
    bool writable, executable;
};

// A kernel file that passed.
struct elf_image {
    uint64_t entry;
    uint64_t start, end; // virtual, page-aligned: all segments and the region
    uint64_t region_start, region_end;
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

// What is wrong with a file, with the numbers that its sentence prints.
struct elf_defect {
    enum elf_status status;
    uint64_t numbers[3];
};

// Checks [file, file + size) and fills in `image`. Fails iff the file has a defect: false, the
// first one found in `defect`, and `image` is not to be used. Every range is inside the file or
// the address space without overflow; segments and region share no page with each other; nothing
// is writable and executable; the entry lies in bytes of the file that are executable; the kernel
// keeps this version of boot/handoff.h. Time:
// program headers squared. Any address and alignment of `file` will do.
bool elf_check(const void *file, size_t size, struct elf_image *image, struct elf_defect *defect);

// Writes the defect as a sentence without a line end.
void elf_describe(const struct writer *writer, const struct elf_defect *defect);

#endif
