// SPDX-License-Identifier: MIT
// elf_note: compares a kernel file with its note, boot/file_note.h: whether its segments and their
// bytes are those that were linked. Pure C, as the rest of elf.h, which calls it.
#ifndef BOOT_LOADER_ELF_NOTE_H
#define BOOT_LOADER_ELF_NOTE_H

#include "boot/file_note.h"
#include "boot/loader/elf_defect.h"
#include "boot/loader/elf_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Looks for the note. Returns false, and changes nothing, iff no program header of type PT_NOTE
// leads to a whole one. `header` is the file's own, whose program headers lie in the file. Linear
// in the notes.
bool elf_note_find(const uint8_t *file, uint64_t size, const struct elf_header *header,
                   struct file_note *note, uint64_t *offset);

// Compares the file with its note, which lies at `offset`. Returns false, with the first
// difference in `defect`, iff there is one, the bytes of a segment reach beyond the file's end, or
// the note is damaged or empty. Linear in the bytes: an instruction each.
bool elf_note_check(const uint8_t *file, uint64_t size, const struct elf_header *header,
                    const struct file_note *note, uint64_t offset, struct elf_defect *defect);

#define ELF_NOTE_CHECKSUM_SEED UINT64_C(0x6b6d656d)

// Continues `sum`, at first ELF_NOTE_CHECKSUM_SEED, over `size` bytes, eight at a time; what is
// missing at the end counts as zero. Any two pieces of equal size that differ in one word of eight
// bytes have different sums: each step is a bijection of the sum and of the word.
uint64_t elf_note_checksum(uint64_t sum, const void *bytes, uint64_t size);

#endif
