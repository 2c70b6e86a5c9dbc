// SPDX-License-Identifier: MIT
// file_note: the note in a kernel file (System V ABI, "Note Section") in which the link writes down
// what it made: entry point, segments, and a checksum of the bytes of each. The loader compares the
// file with it before a byte is loaded, so that a damaged file is noticed, and a tool that rewrote
// one is named by what it changed. A kernel may do without: boot/handoff.h.
//
// boot/kernel/file_note.c is the empty note, boot/loader/elf_note.py fills it in.
#ifndef BOOT_FILE_NOTE_H
#define BOOT_FILE_NOTE_H

#include <stdint.h>

#define FILE_NOTE_OWNER "EarlyBoot"
#define FILE_NOTE_TYPE 1u

// In p_flags of PT_EARLY_HEAP, among the bits that the ABI leaves to operating systems: the file
// has this note. So a note that was removed, or damaged beyond recognition, is noticed.
#define FILE_NOTE_FLAG 0x00100000u

#define FILE_NOTE_RANGES_MAX 17u // the segments and the region of any file that elf.h accepts

// A program header of type PT_LOAD or PT_EARLY_HEAP with bytes in memory, as it was linked. Where
// the bytes lie in the file is left to the tools that move them.
struct file_note_range {
    uint32_t type, flags;
    uint64_t start, file_size, memory_size; // p_vaddr, p_filesz, p_memsz
    // Of the bytes in the file, without those of `struct file_note`; see elf_note_checksum().
    uint64_t checksum;
};

// The note's description, little-endian.
struct file_note {
    uint64_t checksum; // of all that follows here
    uint32_t version;  // HANDOFF_VERSION of the kernel
    uint32_t count;    // of ranges, in the order of the program headers; 0: not filled in
    uint64_t entry;
    struct file_note_range ranges[FILE_NOTE_RANGES_MAX];
};

#endif
