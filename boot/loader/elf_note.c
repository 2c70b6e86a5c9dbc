// SPDX-License-Identifier: MIT
// The comparison of elf_note.h.
#include "boot/loader/elf_note.h"

#include "arch/x86_64/string.h"
#include "boot/handoff.h"
#include "boot/range.h"

#define CHECKSUM_FACTOR UINT64_C(0x9e3779b97f4a7c15) // odd: to multiply by it is a bijection
#define CHECKSUM_SHIFT 29
#define WORD_SIZE 8u

// Owner and description are padded to this (System V ABI, "Note Section", and its practice).
#define NOTE_ALIGN 4u

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * CHECKSUM_FACTOR;
    return sum ^ sum >> CHECKSUM_SHIFT;
}

// Compilers make one load of it.
static uint64_t word_at(const uint8_t *byte)
{
    return (uint64_t)byte[0] | (uint64_t)byte[1] << 8 | (uint64_t)byte[2] << 16 |
           (uint64_t)byte[3] << 24 | (uint64_t)byte[4] << 32 | (uint64_t)byte[5] << 40 |
           (uint64_t)byte[6] << 48 | (uint64_t)byte[7] << 56;
}

uint64_t elf_note_checksum(uint64_t sum, const void *bytes, uint64_t size)
{
    const uint8_t *byte = bytes;
    uint64_t last = 0;

    for (; size >= WORD_SIZE; byte += WORD_SIZE, size -= WORD_SIZE)
        sum = mix(sum, word_at(byte));
    for (uint64_t i = 0; i < size; i++)
        last |= (uint64_t)byte[i] << (8 * i);
    return size > 0 ? mix(sum, last) : sum;
}

// ── Finding it ──────────────────────────────────────────────────────────────────────────────────

static struct program_header program_header(const uint8_t *file, const struct elf_header *header,
                                            size_t index)
{
    struct program_header program;

    memcpy(&program, file + header->e_phoff + index * sizeof program, sizeof program);
    return program;
}

static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

static bool is_ours(const struct note_header *header, const uint8_t *owner)
{
    return header->n_type == FILE_NOTE_TYPE && header->n_namesz == sizeof FILE_NOTE_OWNER &&
           header->n_descsz == sizeof(struct file_note) &&
           memcmp(owner, FILE_NOTE_OWNER, sizeof FILE_NOTE_OWNER) == 0;
}

// Looks through the notes in `notes`, which lie in the file. Sets `offset` to the description.
static bool find_among(const uint8_t *file, struct range notes, uint64_t *offset)
{
    struct note_header header;

    while (range_size(notes) >= sizeof header) {
        memcpy(&header, file + notes.start, sizeof header);
        notes.start += sizeof header;
        uint64_t owner_size = padded(header.n_namesz);
        uint64_t description_size = padded(header.n_descsz);
        if (owner_size + description_size > range_size(notes))
            return false;
        bool is_found = is_ours(&header, file + notes.start);
        notes.start += owner_size;
        if (is_found) {
            *offset = notes.start;
            return true;
        }
        notes.start += description_size;
    }
    return false;
}

bool elf_note_find(const uint8_t *file, uint64_t size, const struct elf_header *header,
                   struct file_note *note, uint64_t *offset)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        struct program_header program = program_header(file, header, i);
        struct range notes;
        if (program.p_type != PT_NOTE || !range_of(&notes, program.p_offset, program.p_filesz) ||
            notes.end > size || !find_among(file, notes, offset))
            continue;
        memcpy(note, file + *offset, sizeof *note);
        return true;
    }
    return false;
}

// ── Comparing ───────────────────────────────────────────────────────────────────────────────────

static bool fail(struct elf_defect *defect, enum elf_status status, uint64_t a, uint64_t b,
                 uint64_t c)
{
    *defect = (struct elf_defect){status, {a, b, c}};
    return false;
}

// The bytes of a segment in the file, without the note's.
static uint64_t checksum_of(const uint8_t *file, const struct program_header *program,
                            uint64_t note)
{
    uint64_t sum = ELF_NOTE_CHECKSUM_SEED;
    uint64_t start = program->p_offset;
    uint64_t size = program->p_filesz;

    if (note < start || note - start >= size)
        return elf_note_checksum(sum, file + start, size);
    uint64_t before = note - start;
    uint64_t behind = size - before;
    sum = elf_note_checksum(sum, file + start, before);
    if (behind <= sizeof(struct file_note))
        return sum;
    return elf_note_checksum(sum, file + note + sizeof(struct file_note),
                             behind - sizeof(struct file_note));
}

static bool check_range(const uint8_t *file, uint64_t size, const struct program_header *program,
                        size_t index, const struct file_note_range *linked, uint64_t note,
                        struct elf_defect *defect)
{
    if (program->p_type != linked->type)
        return fail(defect, ELF_CHANGED_TYPE, index, program->p_type, linked->type);
    if (program->p_flags != linked->flags)
        return fail(defect, ELF_CHANGED_FLAGS, index, program->p_flags, linked->flags);
    if (program->p_vaddr != linked->start)
        return fail(defect, ELF_CHANGED_ADDRESS, index, program->p_vaddr, linked->start);
    if (program->p_filesz != linked->file_size)
        return fail(defect, ELF_CHANGED_FILE_SIZE, index, program->p_filesz, linked->file_size);
    if (program->p_memsz != linked->memory_size)
        return fail(defect, ELF_CHANGED_MEMORY_SIZE, index, program->p_memsz, linked->memory_size);
    if (program->p_filesz == 0)
        return true;
    if (!range_has((struct range){0, size}, program->p_offset, program->p_filesz))
        return fail(defect, ELF_SEGMENT_OUTSIDE, index, program->p_offset, program->p_filesz);
    if (checksum_of(file, program, note) != linked->checksum)
        return fail(defect, ELF_CHANGED_BYTES, index, program->p_offset, program->p_filesz);
    return true;
}

static bool is_range(const struct program_header *program)
{
    return (program->p_type == PT_LOAD || program->p_type == PT_EARLY_HEAP) &&
           program->p_memsz != 0;
}

static size_t count_ranges(const uint8_t *file, const struct elf_header *header)
{
    size_t count = 0;

    for (size_t i = 0; i < header->e_phnum; i++) {
        struct program_header program = program_header(file, header, i);
        count += is_range(&program);
    }
    return count;
}

bool elf_note_check(const uint8_t *file, uint64_t size, const struct elf_header *header,
                    const struct file_note *note, uint64_t offset, struct elf_defect *defect)
{
    const struct file_note_range *linked = note->ranges;

    if (note->count == 0)
        return fail(defect, ELF_NOTE_EMPTY, offset, 0, 0);
    if (note->count > FILE_NOTE_RANGES_MAX ||
        elf_note_checksum(ELF_NOTE_CHECKSUM_SEED, file + offset + sizeof note->checksum,
                          sizeof *note - sizeof note->checksum) != note->checksum)
        return fail(defect, ELF_NOTE_DAMAGED, offset, 0, 0);
    if (header->e_entry != note->entry)
        return fail(defect, ELF_CHANGED_ENTRY, header->e_entry, note->entry, 0);
    size_t count = count_ranges(file, header);
    if (count != note->count)
        return fail(defect, ELF_CHANGED_COUNT, count, note->count, 0);
    for (size_t i = 0; i < header->e_phnum; i++) {
        struct program_header program = program_header(file, header, i);
        if (is_range(&program) && !check_range(file, size, &program, i, linked++, offset, defect))
            return false;
    }
    return true;
}
