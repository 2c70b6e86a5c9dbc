// SPDX-License-Identifier: MIT
// What boot/loader/elf_note.h promises: a kernel file that is not what was linked is named by what
// differs, whichever of its loaded bytes or headers that is.
#include "arch/x86_64/string.h"
#include "boot/handoff.h"
#include "boot/loader/elf.h"
#include "boot/loader/elf_note.h"
#include "tests/boot/suites.h"

#define BASE HANDOFF_IMAGE_BASE

enum { TEXT, DATA, NOTES, REGION, PROGRAMS };

struct note {
    struct note_header header;
    char owner[12];
    struct file_note description;
};

// The note stands between other bytes of a segment, behind a note of another owner.
struct file {
    struct elf_header header;
    struct program_header program[PROGRAMS];
    uint8_t text[61];
    uint8_t front[11];
    struct {
        struct note_header header;
        char owner[4];
        uint8_t description[8];
    } other;
    struct note note;
    uint8_t back[13];
};

static struct file file;
static struct elf_image image;
static struct elf_defect defect;

// The checksum as elf_note.h describes it, once more: the test must not believe elf_note.c.
static uint64_t sum_of(uint64_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        for (size_t j = i; j < i + 8 && j < size; j++)
            word += (uint64_t)bytes[j] << (j - i) * 8;
        sum = (sum ^ word) * 11400714819323198485u;
        sum ^= sum / 536870912u;
    }
    return sum;
}

static void link_file(void)
{
    static const struct program_header programs[PROGRAMS] = {
        [TEXT] = {PT_LOAD, PF_R | PF_X, offsetof(struct file, text), BASE, 0, 61, 61, 1},
        [DATA] = {PT_LOAD, PF_R | PF_W, offsetof(struct file, front), BASE + 0x1000, 0,
                  sizeof(struct file) - offsetof(struct file, front), 0x2000, 1},
        [NOTES] = {PT_NOTE, PF_R, offsetof(struct file, other), 0, 0,
                   sizeof file.other + sizeof file.note, 0, 4},
        [REGION] = {PT_EARLY_HEAP, PF_R | PF_W | FILE_NOTE_FLAG, 0, BASE + 0x4000, 0, 0, 0x10000,
                    0},
    };
    struct file_note *note = &file.note.description;

    memset(&file, 0, sizeof file);
    file.header = (struct elf_header){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = BASE + 4,
        .e_phoff = offsetof(struct file, program),
        .e_ehsize = sizeof(struct elf_header),
        .e_phentsize = sizeof(struct program_header),
        .e_phnum = PROGRAMS,
    };
    memcpy(file.program, programs, sizeof programs);
    for (size_t i = 0; i < sizeof file.text; i++)
        file.text[i] = (uint8_t)(3 * i);
    memset(file.front, 0xf0, sizeof file.front);
    memset(file.back, 0xba, sizeof file.back);
    file.other.header = (struct note_header){4, 7, 3};
    memcpy(file.other.owner, "GNU", 4);
    file.note.header = (struct note_header){sizeof FILE_NOTE_OWNER, sizeof *note, FILE_NOTE_TYPE};
    memcpy(file.note.owner, FILE_NOTE_OWNER, sizeof FILE_NOTE_OWNER);
    *note = (struct file_note){.version = HANDOFF_VERSION, .count = 3, .entry = BASE + 4};
    for (size_t i = 0, count = 0; i < PROGRAMS; i++)
        if (i != NOTES)
            note->ranges[count++] = (struct file_note_range){
                programs[i].p_type,   programs[i].p_flags, programs[i].p_vaddr,
                programs[i].p_filesz, programs[i].p_memsz, ELF_NOTE_CHECKSUM_SEED};
    note->ranges[0].checksum = sum_of(ELF_NOTE_CHECKSUM_SEED, file.text, sizeof file.text);
    uint64_t sum = sum_of(ELF_NOTE_CHECKSUM_SEED, file.front,
                          offsetof(struct file, note.description) - offsetof(struct file, front));
    note->ranges[1].checksum = sum_of(sum, file.back, sizeof file - offsetof(struct file, back));
}

// Writes down the note's own checksum; what was linked is what is there now.
static void seal_note(void)
{
    struct file_note *note = &file.note.description;

    note->checksum = sum_of(ELF_NOTE_CHECKSUM_SEED, (const uint8_t *)&note->version,
                            sizeof *note - sizeof note->checksum);
}

static const char *sentence(void)
{
    static char text[256];
    struct writer_buffer buffer;
    const struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    elf_describe(&writer, &defect);
    return text;
}

static bool is_accepted(void)
{
    return elf_check(&file, sizeof file, &image, &defect);
}

static void a_file_as_it_was_linked_passes(struct suite_run *run)
{
    link_file();
    seal_note();
    CHECK_TEXT(run, is_accepted() ? "good" : sentence(), "good");
    CHECK(run, image.has_note && !image.version_is_lost);
    // What a tool may do: move bytes in the file, forget physical addresses, drop other headers.
    file.program[REGION].p_paddr = file.program[REGION].p_vaddr;
    file.program[TEXT].p_paddr = 1;
    file.program[REGION].p_offset = 12345;
    CHECK(run, is_accepted() && !image.version_is_lost);
}

static void checksums_are_those_of_their_description(struct suite_run *run)
{
    uint8_t bytes[40];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + 1);
    for (size_t size = 0; size < 32; size++)
        for (size_t start = 0; start < 8; start++)
            CHECK_EQUAL(run, elf_note_checksum(size, bytes + start, size),
                        sum_of(size, bytes + start, size));
}

static void each_change_is_named(struct suite_run *run)
{
#define CHANGED ": is the file damaged, or did a tool rewrite it?"
    static const struct {
        size_t at;
        uint8_t value;
        const char *sentence;
    } changes[] = {
        {offsetof(struct file, header.e_entry), 5,
         "the entry point is 0xffffffff80000005, but 0xffffffff80000004 was linked" CHANGED},
        {offsetof(struct file, program[TEXT].p_type), 0,
         "of segments and regions the file has 2, but 3 were linked" CHANGED},
        {offsetof(struct file, program[REGION].p_type), 0,
         "of segments and regions the file has 2, but 3 were linked" CHANGED},
        {offsetof(struct file, program[NOTES].p_type), 0,
         "the flags of program header 3 say that the file has a note with its checksums "
         "(boot/file_note.h), but it has none: is the file damaged, or did a tool remove the "
         "note?"},
        {offsetof(struct file, program[TEXT].p_flags), PF_R,
         "program header 0 has flags 0x4, but 0x5 were linked" CHANGED},
        {offsetof(struct file, program[REGION].p_flags) + 2, 0,
         "program header 3 has flags 0x6, but 0x100006 were linked" CHANGED},
        {offsetof(struct file, program[TEXT].p_vaddr) + 1, 0x10,
         "segment 0 is at 0xffffffff80001000, but was linked at 0xffffffff80000000" CHANGED},
        {offsetof(struct file, program[TEXT].p_filesz), 60,
         "segment 0 has 60 bytes in the file, but 61 were linked" CHANGED},
        {offsetof(struct file, program[REGION].p_memsz) + 1, 1,
         "segment 3 has 65792 bytes in memory, but 65536 were linked" CHANGED},
        {offsetof(struct file, program[TEXT].p_offset) + 4, 1,
         "segment 0, 4294967584 bytes into the file and 61 long, reaches beyond its end: is the "
         "file truncated?"},
        {offsetof(struct file, text) + 17, 0xff,
         "the bytes of segment 0, 288 bytes into the file and 61 long, are not those that were "
         "linked: their checksum differs" CHANGED},
        {offsetof(struct file, note.description.count), 4,
         "the note 408 bytes into the file, which has its checksums, is damaged"},
        {offsetof(struct file, note.description.count), 0,
         "the note 408 bytes into the file is empty: run boot/loader/elf_note.py on the file "
         "after it is linked"},
    };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        link_file();
        seal_note();
        ((uint8_t *)&file)[changes[i].at] = changes[i].value;
        CHECK_TEXT(run, is_accepted() ? "accepted" : sentence(), changes[i].sentence);
    }
#undef CHANGED
}

// Every bit of what is loaded, the note itself included.
static void no_loaded_byte_may_differ(struct suite_run *run)
{
    link_file();
    seal_note();
    for (size_t i = offsetof(struct file, text); i < sizeof file; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            ((uint8_t *)&file)[i] ^= (uint8_t)(1u << bit);
            if (is_accepted())
                writer_print(run->writer, "    # with bit %u of byte %zu flipped\n", bit, i);
            CHECK(run, !is_accepted());
            ((uint8_t *)&file)[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK(run, is_accepted());
}

static void another_version_is_told_by_the_note(struct suite_run *run)
{
    link_file();
    file.note.description.version = HANDOFF_VERSION + 1;
    file.program[REGION].p_paddr = HANDOFF_VERSION;
    seal_note();
    CHECK_TEXT(run, is_accepted() ? "accepted" : sentence(),
               "the kernel keeps version 6 of the handoff (its note) and this loader keeps version "
               "5: build both from one tree");
}

// GNU strip and objcopy write the address there. Only a kernel without a note is the worse for it.
static void a_version_that_a_tool_replaced_is_left_to_the_kernel(struct suite_run *run)
{
    link_file();
    file.program[NOTES].p_type = 0;
    file.program[REGION].p_flags = PF_R | PF_W;
    file.program[REGION].p_paddr = file.program[REGION].p_vaddr;
    CHECK(run, is_accepted());
    CHECK(run, image.version_is_lost && !image.has_note);
    file.program[REGION].p_paddr = HANDOFF_VERSION;
    CHECK(run, is_accepted());
    CHECK(run, !image.version_is_lost);
    file.program[REGION].p_paddr = file.program[REGION].p_vaddr + 1;
    CHECK(run, !is_accepted());
}

// Linkers and strippers differ in what they write there: p_offset means nothing without bytes.
static void a_segment_without_bytes_may_have_any_offset(struct suite_run *run)
{
    link_file();
    file.program[DATA].p_filesz = 0;
    file.program[DATA].p_offset = sizeof file + 1;
    file.note.description.ranges[1].file_size = 0;
    seal_note();
    CHECK_TEXT(run, is_accepted() ? "good" : sentence(), "good");
    CHECK(run, image.segments[1].offset <= sizeof file);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_file_as_it_was_linked_passes),
    SUITE_CASE(checksums_are_those_of_their_description),
    SUITE_CASE(each_change_is_named),
    SUITE_CASE(no_loaded_byte_may_differ),
    SUITE_CASE(another_version_is_told_by_the_note),
    SUITE_CASE(a_version_that_a_tool_replaced_is_left_to_the_kernel),
    SUITE_CASE(a_segment_without_bytes_may_have_any_offset),
};
const struct suite elf_note_suite = SUITE("elf_note", cases);
