// SPDX-License-Identifier: MIT
// The checks of elf.h, in the order of the file: header, tables, each segment, all together.
#include "boot/loader/elf.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"
#include "boot/handoff.h"

struct elf_header {
    uint8_t e_ident[16];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "size of Elf64_Ehdr");

struct program_header {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};
_Static_assert(sizeof(struct program_header) == 56, "size of Elf64_Phdr");

enum { EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6 };
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_EXEC 2
#define EM_X86_64 62
#define PT_LOAD 1
#define PT_INTERP 3
#define PT_TLS 7
#define PT_LOOS 0x60000000u
#define PT_HIPROC 0x7fffffffu
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

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
    return offset <= checker->size && size <= checker->size - offset;
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

// What holds for segments and for the region alike: `index` is the program header's.
static bool check_range(struct checker *checker, size_t index, const struct program_header *header)
{
    if (header->p_vaddr > UINT64_MAX - header->p_memsz ||
        header->p_vaddr + header->p_memsz > UINT64_MAX - PAGE_MASK)
        return fail(checker, ELF_SEGMENT_WRAPS, index, header->p_vaddr, header->p_memsz);
    if (header->p_vaddr < HANDOFF_IMAGE_BASE)
        return fail(checker, ELF_SEGMENT_TOO_LOW, index, header->p_vaddr, HANDOFF_IMAGE_BASE);
    return true;
}

static bool check_segment(struct checker *checker, size_t index,
                          const struct program_header *header)
{
    struct elf_image *image = checker->image;

    if (!is_inside(checker, header->p_offset, header->p_filesz))
        return fail(checker, ELF_SEGMENT_OUTSIDE, index, header->p_offset, header->p_filesz);
    if (header->p_filesz > header->p_memsz)
        return fail(checker, ELF_SEGMENT_LARGER_IN_FILE, index, header->p_filesz, header->p_memsz);
    if (header->p_memsz == 0)
        return true;
    if (!check_range(checker, index, header))
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
        .offset = header->p_offset,
        .file_size = header->p_filesz,
        .start = header->p_vaddr,
        .end = header->p_vaddr + header->p_memsz,
        .writable = header->p_flags & PF_W,
        .executable = header->p_flags & PF_X,
    };
    return true;
}

static bool check_region(struct checker *checker, size_t index, const struct program_header *header)
{
    struct elf_image *image = checker->image;

    if (image->region_end != 0)
        return fail(checker, ELF_SECOND_REGION, index, header->p_vaddr, image->region_start);
    if (header->p_paddr != HANDOFF_VERSION)
        return fail(checker, ELF_OTHER_HANDOFF, header->p_paddr, HANDOFF_VERSION, index);
    if (header->p_filesz != 0)
        return fail(checker, ELF_REGION_IN_FILE, index, header->p_filesz, 0);
    if (header->p_memsz == 0)
        return fail(checker, ELF_REGION_EMPTY, index, 0, 0);
    if (!check_range(checker, index, header))
        return false;
    if (((header->p_vaddr | header->p_memsz) & PAGE_MASK) != 0)
        return fail(checker, ELF_REGION_MISALIGNED, index, header->p_vaddr, header->p_memsz);
    if ((header->p_flags & (PF_R | PF_W | PF_X)) != (PF_R | PF_W))
        return fail(checker, ELF_REGION_FLAGS, index, header->p_flags, 0);
    image->region_start = header->p_vaddr;
    image->region_end = header->p_vaddr + header->p_memsz;
    return true;
}

// Types of the ABI, and the ranges that it leaves to operating systems and processors. A kernel
// whose headers bear another may miss a segment that it counts on: its stack, say.
static bool is_known_type(uint32_t type)
{
    return type <= PT_TLS || (type >= PT_LOOS && type <= PT_HIPROC);
}

static bool check_program_headers(struct checker *checker, const struct elf_header *header)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        struct program_header program;
        bool good = true;

        memcpy(&program, checker->file + header->e_phoff + i * sizeof program, sizeof program);
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
    return true;
}

static uint64_t page_end(uint64_t address)
{
    return page_round_up(address, PAGE_SIZE);
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

static bool check_entry(struct checker *checker, uint64_t entry)
{
    const struct elf_image *image = checker->image;

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

static void find_extent(struct elf_image *image)
{
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

bool elf_check(const void *file, size_t size, struct elf_image *image, struct elf_defect *defect)
{
    struct checker checker = {file, size, image, defect};
    struct elf_header header;

    *image = (struct elf_image){0};
    *defect = (struct elf_defect){0};
    if (size < sizeof header)
        return fail(&checker, ELF_TOO_SHORT, size, sizeof header, 0);
    memcpy(&header, file, sizeof header);
    if (!check_header(&checker, &header) || !check_program_headers(&checker, &header) ||
        !check_overlaps(&checker) || !check_entry(&checker, header.e_entry))
        return false;
    image->entry = header.e_entry;
    find_extent(image);
    if (image->end != image->region_end)
        return fail(&checker, ELF_REGION_NOT_LAST, image->region_start, image->end, 0);
    return true;
}

void elf_describe(const struct writer *writer, const struct elf_defect *defect)
{
    unsigned long long a = defect->numbers[0];
    unsigned long long b = defect->numbers[1];
    unsigned long long c = defect->numbers[2];

    switch (defect->status) {
    case ELF_OK:
        writer_print(writer, "the kernel file is good");
        return;
    case ELF_TOO_SHORT:
        writer_print(writer, "the kernel file has %llu bytes, an ELF header alone needs %llu", a,
                     b);
        return;
    case ELF_BAD_MAGIC:
        writer_print(writer,
                     "the kernel file is not ELF: it begins with %02llx %02llx %02llx %02llx, not "
                     "with 7f 45 4c 46",
                     a >> 8, a & 0xff, b, c);
        return;
    case ELF_BAD_CLASS:
        writer_print(writer, "the kernel file has ELF class %llu, 2 (64 bits) is needed", a);
        return;
    case ELF_BAD_BYTE_ORDER:
        writer_print(writer, "the kernel file has byte order %llu, 1 (little endian) is needed", a);
        return;
    case ELF_BAD_VERSION:
        writer_print(writer, "the kernel file has ELF version %llu and %llu, 1 is needed", a, b);
        return;
    case ELF_BAD_TYPE:
        writer_print(writer,
                     "the kernel file has ELF type %llu, 2 (executable, linked at a fixed "
                     "address) is needed",
                     a);
        return;
    case ELF_BAD_MACHINE:
        writer_print(writer, "the kernel file is for machine %llu, 62 (x86-64) is needed", a);
        return;
    case ELF_BAD_HEADER_SIZE:
        writer_print(writer, "the ELF header says that it has %llu bytes, it must have 64", a);
        return;
    case ELF_BAD_PROGRAM_HEADER_SIZE:
        writer_print(writer, "a program header has %llu bytes, it must have 56", a);
        return;
    case ELF_NO_PROGRAM_HEADERS:
        writer_print(writer, "the kernel file has no program headers, so nothing to load");
        return;
    case ELF_PROGRAM_HEADERS_OUTSIDE:
        writer_print(writer,
                     "%llu program headers at offset %llu reach beyond the file's end at %llu: "
                     "is the file truncated?",
                     a, b, c);
        return;
    case ELF_SECTION_HEADERS_OUTSIDE:
        writer_print(writer,
                     "%llu section headers at offset %llu reach beyond the file's end at %llu: "
                     "is the file truncated?",
                     a, b, c);
        return;
    case ELF_UNKNOWN_PROGRAM_HEADER:
        writer_print(
            writer,
            "program header %llu has type 0x%llx, which no specification defines: is the file "
            "damaged?",
            a, b);
        return;
    case ELF_INTERPRETER:
        writer_print(writer,
                     "program header %llu asks for an interpreter: link the kernel statically", a);
        return;
    case ELF_TOO_MANY_SEGMENTS:
        writer_print(writer, "the kernel file has more than %llu segments to load", a);
        return;
    case ELF_NO_SEGMENTS:
        writer_print(writer, "none of %llu program headers is a segment to load", a);
        return;
    case ELF_SEGMENT_OUTSIDE:
        writer_print(writer,
                     "segment %llu, %llu bytes into the file and %llu long, reaches beyond its "
                     "end: is the file truncated?",
                     a, b, c);
        return;
    case ELF_SEGMENT_LARGER_IN_FILE:
        writer_print(writer, "segment %llu has %llu bytes in the file but only %llu in memory", a,
                     b, c);
        return;
    case ELF_SEGMENT_WRAPS:
        writer_print(writer,
                     "segment %llu at 0x%llx, 0x%llx bytes long, reaches beyond the end of the "
                     "address space",
                     a, b, c);
        return;
    case ELF_SEGMENT_MISALIGNED:
        writer_print(writer, "segment %llu at 0x%llx does not begin at a page", a, b);
        return;
    case ELF_SEGMENT_INCONGRUENT:
        writer_print(writer,
                     "segment %llu, %llu bytes into the file, does not lie there as its alignment "
                     "of %llu asks for: is the file damaged?",
                     a, b, c);
        return;
    case ELF_SEGMENT_TOO_LOW:
        writer_print(writer,
                     "segment %llu at 0x%llx lies below 0x%llx: link the kernel in the top 2 GiB",
                     a, b, c);
        return;
    case ELF_SEGMENT_WRITABLE_AND_EXECUTABLE:
        writer_print(writer, "segment %llu at 0x%llx is both writable and executable", a, b);
        return;
    case ELF_SEGMENT_UNREADABLE:
        writer_print(writer, "segment %llu at 0x%llx is not readable", a, b);
        return;
    case ELF_SEGMENT_NOT_WHOLE:
        writer_print(writer,
                     "segment %llu is not writable, but of its %llu bytes in memory %llu stand in "
                     "the file: is the file damaged?",
                     a, c, b);
        return;
    case ELF_SEGMENTS_OVERLAP:
        writer_print(writer,
                     "the segment at 0x%llx-0x%llx shares a page with the segment or region at "
                     "0x%llx",
                     a, b, c);
        return;
    case ELF_NO_REGION:
        writer_print(writer,
                     "no region for the early heap: none of %llu program headers has type 0x%llx "
                     "(PT_EARLY_HEAP); link with linker.ld",
                     b, a);
        return;
    case ELF_SECOND_REGION:
        writer_print(writer,
                     "program header %llu is a second region for the early heap, at 0x%llx; the "
                     "first is at 0x%llx",
                     a, b, c);
        return;
    case ELF_OTHER_HANDOFF:
        writer_print(writer,
                     "the kernel keeps version %llu of the handoff (p_paddr of program header "
                     "%llu) and this loader keeps version %llu: build both from one tree",
                     a, c, b);
        return;
    case ELF_REGION_IN_FILE:
        writer_print(writer,
                     "the early heap's region (program header %llu) has %llu bytes in the file, "
                     "it must have none",
                     a, b);
        return;
    case ELF_REGION_MISALIGNED:
        writer_print(writer,
                     "the early heap's region (program header %llu) at 0x%llx, 0x%llx bytes, is "
                     "not made of whole pages",
                     a, b, c);
        return;
    case ELF_REGION_EMPTY:
        writer_print(writer, "the early heap's region (program header %llu) has no bytes", a);
        return;
    case ELF_REGION_FLAGS:
        writer_print(writer,
                     "the early heap's region (program header %llu) has flags %llu, 6 (read, "
                     "write) is needed",
                     a, b);
        return;
    case ELF_REGION_NOT_LAST:
        writer_print(writer,
                     "the early heap's region at 0x%llx is not the last part of the image, which "
                     "ends at 0x%llx",
                     a, b);
        return;
    case ELF_ENTRY_OUTSIDE:
        writer_print(writer, "the entry point 0x%llx lies in no segment", a);
        return;
    case ELF_ENTRY_NOT_EXECUTABLE:
        writer_print(writer,
                     "the entry point 0x%llx lies in the segment at 0x%llx-0x%llx, which is not "
                     "executable",
                     a, b, c);
        return;
    }
}
