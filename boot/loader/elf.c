// SPDX-License-Identifier: MIT
// The checks of elf.h, in the order of the file: header, tables, each segment, all together.
#include "boot/loader/elf.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"
#include "boot/handoff.h"
#include "boot/loader/elf_format.h"
#include "boot/loader/elf_note.h"
#include "boot/range.h"

_Static_assert(FILE_NOTE_RANGES_MAX == ELF_SEGMENTS_MAX + 1, "the segments and the region");

#define PAGE_MASK (PAGE_SIZE - 1)

struct checker {
    const uint8_t *file;
    uint64_t size;
    struct elf_image *image;
    struct elf_defect *defect;
};

static bool fail(struct checker *checker, enum elf_status status, uint64_t a, uint64_t b,
                 uint64_t c)
{
    *checker->defect = (struct elf_defect){status, {a, b, c}};
    return false;
}

// Whether [offset, offset + size) lies in the file.
static bool is_inside(const struct checker *checker, uint64_t offset, uint64_t size)
{
    return range_has((struct range){0, checker->size}, offset, size);
}

static struct program_header program_header(const struct checker *checker,
                                            const struct elf_header *header, size_t index)
{
    struct program_header program;

    memcpy(&program, checker->file + header->e_phoff + index * sizeof program, sizeof program);
    return program;
}

static bool check_header(struct checker *checker, const struct elf_header *header)
{
    const uint8_t *ident = header->e_ident;

    if (ident[0] != 0x7f || ident[1] != 'E' || ident[2] != 'L' || ident[3] != 'F')
        return fail(checker, ELF_BAD_MAGIC, (uint64_t)ident[0] << 8 | ident[1], ident[2], ident[3]);
    if (ident[EI_CLASS] != ELFCLASS64)
        return fail(checker, ELF_BAD_CLASS, ident[EI_CLASS], 0, 0);
    if (ident[EI_DATA] != ELFDATA2LSB)
        return fail(checker, ELF_BAD_BYTE_ORDER, ident[EI_DATA], 0, 0);
    if (ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
        return fail(checker, ELF_BAD_VERSION, ident[EI_VERSION], header->e_version, 0);
    if (header->e_type != ET_EXEC)
        return fail(checker, ELF_BAD_TYPE, header->e_type, 0, 0);
    if (header->e_machine != EM_X86_64)
        return fail(checker, ELF_BAD_MACHINE, header->e_machine, 0, 0);
    if (header->e_ehsize != sizeof *header)
        return fail(checker, ELF_BAD_HEADER_SIZE, header->e_ehsize, 0, 0);
    if (header->e_phnum == 0)
        return fail(checker, ELF_NO_PROGRAM_HEADERS, 0, 0, 0);
    if (header->e_phentsize != sizeof(struct program_header))
        return fail(checker, ELF_BAD_PROGRAM_HEADER_SIZE, header->e_phentsize, 0, 0);
    if (!is_inside(checker, header->e_phoff,
                   (uint64_t)header->e_phnum * sizeof(struct program_header)))
        return fail(checker, ELF_PROGRAM_HEADERS_OUTSIDE, header->e_phnum, header->e_phoff,
                    checker->size);
    // Nothing is read from the section headers; but linkers put them last, so that a file cut off
    // anywhere fails here.
    if (header->e_shoff != 0 &&
        !is_inside(checker, header->e_shoff, (uint64_t)header->e_shnum * header->e_shentsize))
        return fail(checker, ELF_SECTION_HEADERS_OUTSIDE, header->e_shnum, header->e_shoff,
                    checker->size);
    return true;
}

// What holds for segments and for the region alike: `index` is the program header's. `bytes` is
// where they lie.
static bool check_range(struct checker *checker, size_t index, const struct program_header *header,
                        struct range *bytes)
{
    struct range pages;

    if (!range_of(bytes, header->p_vaddr, header->p_memsz) ||
        !range_of_pages(&pages, header->p_vaddr, header->p_memsz))
        return fail(checker, ELF_SEGMENT_WRAPS, index, header->p_vaddr, header->p_memsz);
    if (header->p_vaddr < HANDOFF_IMAGE_BASE)
        return fail(checker, ELF_SEGMENT_TOO_LOW, index, header->p_vaddr, HANDOFF_IMAGE_BASE);
    return true;
}

static bool check_segment(struct checker *checker, size_t index,
                          const struct program_header *header)
{
    struct elf_image *image = checker->image;
    struct range bytes;

    // Where there are no bytes, p_offset means nothing.
    if (header->p_filesz != 0 && !is_inside(checker, header->p_offset, header->p_filesz))
        return fail(checker, ELF_SEGMENT_OUTSIDE, index, header->p_offset, header->p_filesz);
    if (header->p_filesz > header->p_memsz)
        return fail(checker, ELF_SEGMENT_LARGER_IN_FILE, index, header->p_filesz, header->p_memsz);
    if (header->p_memsz == 0)
        return true;
    if (!check_range(checker, index, header, &bytes))
        return false;
    if ((header->p_vaddr & PAGE_MASK) != 0)
        return fail(checker, ELF_SEGMENT_MISALIGNED, index, header->p_vaddr, 0);
    // System V ABI, "Program Header": p_vaddr and p_offset agree modulo p_align, of which 0 and 1
    // mean none. Damage to one of them seldom keeps the other congruent.
    if (header->p_filesz != 0 && header->p_align != 0 &&
        (header->p_vaddr - header->p_offset) % header->p_align != 0)
        return fail(checker, ELF_SEGMENT_INCONGRUENT, index, header->p_offset, header->p_align);
    if ((header->p_flags & PF_W) && (header->p_flags & PF_X))
        return fail(checker, ELF_SEGMENT_WRITABLE_AND_EXECUTABLE, index, header->p_vaddr, 0);
    if (!(header->p_flags & PF_R))
        return fail(checker, ELF_SEGMENT_UNREADABLE, index, header->p_vaddr, 0);
    // No program has zeros that it cannot change: the length is damaged.
    if (!(header->p_flags & PF_W) && header->p_filesz != header->p_memsz)
        return fail(checker, ELF_SEGMENT_NOT_WHOLE, index, header->p_filesz, header->p_memsz);
    if (image->segment_count == ELF_SEGMENTS_MAX)
        return fail(checker, ELF_TOO_MANY_SEGMENTS, ELF_SEGMENTS_MAX, 0, 0);
    image->segments[image->segment_count++] = (struct elf_segment){
        .number = index,
        .offset = header->p_filesz == 0 ? 0 : header->p_offset,
        .file_size = header->p_filesz,
        .start = bytes.start,
        .end = bytes.end,
        .writable = header->p_flags & PF_W,
        .executable = header->p_flags & PF_X,
    };
    return true;
}

static bool check_region(struct checker *checker, size_t index, const struct program_header *header)
{
    struct elf_image *image = checker->image;
    struct range bytes;

    if (image->region_end != 0)
        return fail(checker, ELF_SECOND_REGION, index, header->p_vaddr, image->region_start);
    image->version_is_lost = !image->has_note && header->p_paddr == header->p_vaddr;
    if (!image->has_note && !image->version_is_lost && header->p_paddr != HANDOFF_VERSION)
        return fail(checker, ELF_OTHER_HANDOFF, header->p_paddr, HANDOFF_VERSION, index);
    if (header->p_filesz != 0)
        return fail(checker, ELF_REGION_IN_FILE, index, header->p_filesz, 0);
    if (header->p_memsz == 0)
        return fail(checker, ELF_REGION_EMPTY, index, 0, 0);
    if (!check_range(checker, index, header, &bytes))
        return false;
    if (((header->p_vaddr | header->p_memsz) & PAGE_MASK) != 0)
        return fail(checker, ELF_REGION_MISALIGNED, index, header->p_vaddr, header->p_memsz);
    if ((header->p_flags & (PF_R | PF_W | PF_X)) != (PF_R | PF_W))
        return fail(checker, ELF_REGION_FLAGS, index, header->p_flags, 0);
    image->region_start = bytes.start;
    image->region_end = bytes.end;
    return true;
}

// Types of the ABI, and the ranges that it leaves to operating systems and processors. A kernel
// whose headers bear another may miss a segment that it counts on: its stack, say.
static bool is_known_type(uint32_t type)
{
    return type <= PT_TLS || (type >= PT_LOOS && type <= PT_HIPROC);
}

static uint64_t page_end(uint64_t address)
{
    return page_round_up(address, PAGE_SIZE);
}

static void find_extent(const struct checker *checker)
{
    struct elf_image *image = checker->image;

    image->start = image->region_start;
    image->end = image->region_end;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        if (segment->start < image->start)
            image->start = segment->start;
        if (page_end(segment->end) > image->end)
            image->end = page_end(segment->end);
    }
}

static bool check_program_headers(struct checker *checker, const struct elf_header *header)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        struct program_header program = program_header(checker, header, i);
        bool good = true;

        if (program.p_type == PT_INTERP)
            good = fail(checker, ELF_INTERPRETER, i, 0, 0);
        else if (program.p_type == PT_LOAD)
            good = check_segment(checker, i, &program);
        else if (program.p_type == PT_EARLY_HEAP)
            good = check_region(checker, i, &program);
        else if (!is_known_type(program.p_type))
            good = fail(checker, ELF_UNKNOWN_PROGRAM_HEADER, i, program.p_type, 0);
        if (!good)
            return false;
    }
    if (checker->image->segment_count == 0)
        return fail(checker, ELF_NO_SEGMENTS, header->e_phnum, 0, 0);
    if (checker->image->region_end == 0)
        return fail(checker, ELF_NO_REGION, PT_EARLY_HEAP, header->e_phnum, 0);
    find_extent(checker);
    return true;
}

// Pages are compared, not bytes: two segments in one page could not both have their permissions.
static bool check_overlaps(struct checker *checker)
{
    struct elf_image *image = checker->image;

    for (size_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *a = &image->segments[i];
        if (a->start < image->region_end && image->region_start < page_end(a->end))
            return fail(checker, ELF_SEGMENTS_OVERLAP, a->start, a->end, image->region_start);
        for (size_t j = 0; j < i; j++) {
            const struct elf_segment *b = &image->segments[j];
            if (a->start < page_end(b->end) && b->start < page_end(a->end))
                return fail(checker, ELF_SEGMENTS_OVERLAP, a->start, a->end, b->start);
        }
    }
    return true;
}

static bool check_entry(struct checker *checker)
{
    const struct elf_image *image = checker->image;
    uint64_t entry = image->entry;

    for (size_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        if (entry < segment->start || entry - segment->start >= segment->file_size)
            continue;
        if (!segment->executable)
            return fail(checker, ELF_ENTRY_NOT_EXECUTABLE, entry, segment->start, segment->end);
        return true;
    }
    return fail(checker, ELF_ENTRY_OUTSIDE, entry, 0, 0);
}

static bool check_end(struct checker *checker)
{
    const struct elf_image *image = checker->image;

    return image->end == image->region_end ||
           fail(checker, ELF_REGION_NOT_LAST, image->region_start, image->end, 0);
}

// Whether the flags of the region's program header, which is at `*index` then, say that the file
// has a note.
static bool promises_note(const struct checker *checker, const struct elf_header *header,
                          size_t *index)
{
    for (*index = 0; *index < header->e_phnum; ++*index) {
        struct program_header program = program_header(checker, header, *index);
        if (program.p_type == PT_EARLY_HEAP && (program.p_flags & FILE_NOTE_FLAG))
            return true;
    }
    return false;
}

// The note tells best what happened to a file, so it comes before all that a damage leads to.
static bool check_note(struct checker *checker, const struct elf_header *header)
{
    struct file_note note;
    uint64_t offset;
    size_t index;

    if (!elf_note_find(checker->file, checker->size, header, &note, &offset))
        return !promises_note(checker, header, &index) ||
               fail(checker, ELF_NOTE_MISSING, index, 0, 0);
    checker->image->has_note = true;
    return elf_note_check(checker->file, checker->size, header, &note, offset, checker->defect) &&
           (note.version == HANDOFF_VERSION ||
            fail(checker, ELF_OTHER_HANDOFF_IN_NOTE, note.version, HANDOFF_VERSION, 0));
}

bool elf_check(const void *file, size_t size, struct elf_image *image, struct elf_defect *defect)
{
    struct checker checker = {file, size, image, defect};
    struct elf_header header;

    image->segment_count = 0;
    image->region_end = 0; // no region yet
    image->has_note = false;
    image->version_is_lost = false;
    *defect = (struct elf_defect){0};
    if (size < sizeof header)
        return fail(&checker, ELF_TOO_SHORT, size, sizeof header, 0);
    memcpy(&header, file, sizeof header);
    image->entry = header.e_entry;
    return check_header(&checker, &header) && check_note(&checker, &header) &&
           check_program_headers(&checker, &header) && check_overlaps(&checker) &&
           check_entry(&checker) && check_end(&checker);
}
