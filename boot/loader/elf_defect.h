// SPDX-License-Identifier: MIT
// elf_defect: what can be wrong with a kernel file, and the sentence for it. elf.h finds it.
#ifndef BOOT_LOADER_ELF_DEFECT_H
#define BOOT_LOADER_ELF_DEFECT_H

#include "kmem/writer.h"

#include <stdint.h>

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
    // The note, and what differs from it.
    ELF_OTHER_HANDOFF_IN_NOTE,
    ELF_NOTE_MISSING,
    ELF_NOTE_EMPTY,
    ELF_NOTE_DAMAGED,
    ELF_CHANGED_ENTRY,
    ELF_CHANGED_COUNT,
    ELF_CHANGED_TYPE,
    ELF_CHANGED_FLAGS,
    ELF_CHANGED_ADDRESS,
    ELF_CHANGED_FILE_SIZE,
    ELF_CHANGED_MEMORY_SIZE,
    ELF_CHANGED_BYTES,
};

// What is wrong with a file, with the numbers that elf_describe() prints.
struct elf_defect {
    enum elf_status status;
    uint64_t numbers[3];
};

// Writes the defect as a sentence without a line end. Constant time.
void elf_describe(const struct writer *writer, const struct elf_defect *defect);

#endif
