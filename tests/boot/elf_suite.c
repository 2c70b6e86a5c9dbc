// SPDX-License-Identifier: MIT
// What boot/loader/elf.h promises: a small good kernel file, and every way to damage it that we
// could think of, each with the sentence that a person must then read.
#include "arch/x86_64/string.h"
#include "boot/handoff.h"
#include "boot/loader/elf.h"
#include "tests/boot/suites.h"

#define BASE HANDOFF_IMAGE_BASE

// System V ABI, chapters 4 and 5, written down here once more: the test must not believe elf.c.
struct file_header {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct program {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

enum { TEXT, RODATA, DATA, STACK, REGION, OTHER, SPARE, PROGRAMS = 18 };
enum { PT_NULL = 0, PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };
enum { X = 1, W = 2, R = 4 };

// A whole kernel file of 1264 bytes, laid out as linker.ld lays out ours, but for the gaps that
// alignment makes in a file: p_align is 1.
struct file {
    struct file_header header;
    struct program program[PROGRAMS];
    uint8_t text[64], rodata[32], data[32];
    uint8_t section_header[64];
};

static const struct file good =
    {
        .header =
            {
                .e_ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
                .e_type = 2,
                .e_machine = 62,
                .e_version = 1,
                .e_entry = BASE + 16,
                .e_phoff = offsetof(struct file, program),
                .e_shoff = offsetof(struct file, section_header),
                .e_ehsize = sizeof(struct file_header),
                .e_phentsize = sizeof(struct program),
                .e_phnum = PROGRAMS,
                .e_shentsize = 64,
                .e_shnum = 1,
            },
        .program =
            {
                [TEXT] = {PT_LOAD, R | X, offsetof(struct file, text), BASE, 0, 64, 64, 1},
                [RODATA] = {PT_LOAD, R, offsetof(struct file, rodata), BASE + 0x1000, 0, 32, 32, 1},
                [DATA] = {PT_LOAD, R | W, offsetof(struct file, data), BASE + 0x2000, 0, 32, 0x1800,
                          1},
                [STACK] = {PT_LOAD, R | W, 0, BASE + 0x5000, 0, 0, 0x8000, 4096},
                [REGION] = {PT_EARLY_HEAP, R | W, 0, BASE + 0xe000, HANDOFF_VERSION, 0, 0x10000,
                            4096},
                [OTHER] = {PT_GNU_STACK, R | W, 0, 0, 0, 0, 0, 16},
            },
};

// One number of the file, and what it becomes.
struct patch {
    size_t offset, size;
    uint64_t value;
};
#define AT(member) offsetof(struct file, member), sizeof(((struct file *)0)->member)
#define HEADER(member) AT(header.member)
#define PROGRAM(index, member) AT(program[index].member)

struct damage {
    const char *sentence;
    struct patch patches[4]; // those of size 0 are none
};

static const struct damage damages[] = {
    // What it is at all.
    {"the kernel file is not ELF: it begins with 00 45 4c 46, not with 7f 45 4c 46",
     {{HEADER(e_ident[0]), 0}}},
    {"the kernel file is not ELF: it begins with 7f 46 4c 46, not with 7f 45 4c 46",
     {{HEADER(e_ident[1]), 'F'}}},
    {"the kernel file is not ELF: it begins with 7f 45 46 46, not with 7f 45 4c 46",
     {{HEADER(e_ident[2]), 'F'}}},
    {"the kernel file is not ELF: it begins with 7f 45 4c 0a, not with 7f 45 4c 46",
     {{HEADER(e_ident[3]), '\n'}}},
    {"the kernel file has ELF class 1, 2 (64 bits) is needed", {{HEADER(e_ident[4]), 1}}},
    {"the kernel file has ELF class 0, 2 (64 bits) is needed", {{HEADER(e_ident[4]), 0}}},
    {"the kernel file has byte order 2, 1 (little endian) is needed", {{HEADER(e_ident[5]), 2}}},
    {"the kernel file has ELF version 0 and 1, 1 is needed", {{HEADER(e_ident[6]), 0}}},
    {"the kernel file has ELF version 1 and 2, 1 is needed", {{HEADER(e_version), 2}}},
    {"the kernel file has ELF type 1, 2 (executable, linked at a fixed address) is needed",
     {{HEADER(e_type), 1}}},
    {"the kernel file has ELF type 3, 2 (executable, linked at a fixed address) is needed",
     {{HEADER(e_type), 3}}},
    {"the kernel file is for machine 3, 62 (x86-64) is needed", {{HEADER(e_machine), 3}}},
    {"the kernel file is for machine 183, 62 (x86-64) is needed", {{HEADER(e_machine), 183}}},

    // Its tables.
    {"the ELF header says that it has 52 bytes, it must have 64", {{HEADER(e_ehsize), 52}}},
    {"the ELF header says that it has 65535 bytes, it must have 64", {{HEADER(e_ehsize), 65535}}},
    {"the kernel file has no program headers, so nothing to load", {{HEADER(e_phnum), 0}}},
    {"a program header has 32 bytes, it must have 56", {{HEADER(e_phentsize), 32}}},
    {"a program header has 57 bytes, it must have 56", {{HEADER(e_phentsize), 57}}},
    {"the table of 18 program headers at offset 257 reaches beyond the file's end at 1264: is the "
     "file truncated?",
     {{HEADER(e_phoff), sizeof(struct file) - sizeof good.program + 1}}},
    {"the table of 18 program headers at offset 1265 reaches beyond the file's end at 1264: is the "
     "file "
     "truncated?",
     {{HEADER(e_phoff), sizeof(struct file) + 1}}},
    {"the table of 18 program headers at offset 18446744073709551615 reaches beyond the file's end "
     "at 1264: is "
     "the file truncated?",
     {{HEADER(e_phoff), UINT64_MAX}}},
    {"the table of 65535 program headers at offset 64 reaches beyond the file's end at 1264: is "
     "the file "
     "truncated?",
     {{HEADER(e_phnum), 65535}}},
    {"the table of 1 section header at offset 1201 reaches beyond the file's end at 1264: is the "
     "file truncated?",
     {{HEADER(e_shoff), sizeof(struct file) - 63}}},
    {"the table of 1 section header at offset 18446744073709551552 reaches beyond the file's end "
     "at 1264: is the "
     "file truncated?",
     {{HEADER(e_shoff), UINT64_MAX - 63}}},
    {"the table of 2 section headers at offset 1200 reaches beyond the file's end at 1264: is the "
     "file truncated?",
     {{HEADER(e_shnum), 2}}},
    {"the table of 1 section header at offset 1200 reaches beyond the file's end at 1264: is the "
     "file truncated?",
     {{HEADER(e_shentsize), 65}}},
    {"program header 5 asks for an interpreter: link the kernel statically",
     {{PROGRAM(OTHER, p_type), PT_INTERP}}},
    {"program header 5 has type 0x8, which no specification defines: is the file damaged?",
     {{PROGRAM(OTHER, p_type), 8}}},
    {"program header 5 has type 0x5fffffff, which no specification defines: is the file damaged?",
     {{PROGRAM(OTHER, p_type), 0x5fffffff}}},
    {"program header 5 has type 0x80000000, which no specification defines: is the file damaged?",
     {{PROGRAM(OTHER, p_type), 0x80000000}}},
    {"none of 18 program headers is a segment to load",
     {{PROGRAM(TEXT, p_type), PT_NULL},
      {PROGRAM(RODATA, p_type), PT_NULL},
      {PROGRAM(DATA, p_type), PT_NULL},
      {PROGRAM(STACK, p_type), PT_NULL}}},

    // Its bytes in the file.
    {"segment 0, 1201 bytes into the file and 64 long, reaches beyond its end: is the file "
     "truncated?",
     {{PROGRAM(TEXT, p_offset), sizeof(struct file) - 63}}},
    {"segment 0, 18446744073709551615 bytes into the file and 64 long, reaches beyond its end: is "
     "the file truncated?",
     {{PROGRAM(TEXT, p_offset), UINT64_MAX}}},
    {"segment 0, 18446744073709551552 bytes into the file and 64 long, reaches beyond its end: is "
     "the file truncated?",
     {{PROGRAM(TEXT, p_offset), UINT64_MAX - 63}}},
    {"segment 2, 1168 bytes into the file and 97 long, reaches beyond its end: is the file "
     "truncated?",
     {{PROGRAM(DATA, p_filesz), 97}}},
    {"segment 2, 1168 bytes into the file and 18446744073709551615 long, reaches beyond its end: "
     "is the file truncated?",
     {{PROGRAM(DATA, p_filesz), UINT64_MAX}}},
    {"segment 2 has 32 bytes in the file but only 31 in memory", {{PROGRAM(DATA, p_memsz), 31}}},
    {"segment 2 has 32 bytes in the file but only 0 in memory", {{PROGRAM(DATA, p_memsz), 0}}},
    {"segment 3 has 1 byte in the file but only 0 in memory",
     {{PROGRAM(STACK, p_filesz), 1}, {PROGRAM(STACK, p_memsz), 0}}},

    {"segment 0, 1072 bytes into the file, does not lie there as its alignment of 4096 asks for: "
     "is "
     "the file damaged?",
     {{PROGRAM(TEXT, p_align), 4096}}},
    {"segment 2, 1168 bytes into the file, does not lie there as its alignment of 32 asks for: is "
     "the file damaged?",
     {{PROGRAM(DATA, p_align), 32}}},
    {"segment 0 is not writable, but of its 64 bytes in memory 63 stand in the file: is the file "
     "damaged?",
     {{PROGRAM(TEXT, p_filesz), 63}}},
    {"segment 1 is not writable, but of its 4096 bytes in memory 32 stand in the file: is the file "
     "damaged?",
     {{PROGRAM(RODATA, p_memsz), 4096}}},

    // Its place in the address space.
    {"segment 0 at 0xffffffff80000000, 0xffffffffffffffff bytes long, reaches beyond the end of "
     "the address space",
     {{PROGRAM(TEXT, p_memsz), UINT64_MAX}}},
    {"segment 3 at 0xfffffffffffff000, 0x8000 bytes long, reaches beyond the end of the address "
     "space",
     {{PROGRAM(STACK, p_vaddr), UINT64_MAX - 0xfff}}},
    {"segment 3 at 0xffffffffffff8000, 0x8000 bytes long, reaches beyond the end of the address "
     "space",
     {{PROGRAM(STACK, p_vaddr), UINT64_MAX - 0x7fff}}},
    {"segment 3 at 0xffffffffffff7000, 0x8001 bytes long, reaches beyond the end of the address "
     "space",
     {{PROGRAM(STACK, p_vaddr), UINT64_MAX - 0x8fff}, {PROGRAM(STACK, p_memsz), 0x8001}}},
    {"segment 0 at 0xffffffff80000001 does not begin at a page",
     {{PROGRAM(TEXT, p_vaddr), BASE + 1}}},
    {"segment 1 at 0xffffffff80001800 does not begin at a page",
     {{PROGRAM(RODATA, p_vaddr), BASE + 0x1800}}},
    {"segment 3 at 0xffffffff80005010 does not begin at a page",
     {{PROGRAM(STACK, p_vaddr), BASE + 0x5010}}},
    {"segment 0 at 0x0 lies below 0xffffffff80000000: link the kernel in the top 2 GiB",
     {{PROGRAM(TEXT, p_vaddr), 0}}},
    {"segment 0 at 0x100000 lies below 0xffffffff80000000: link the kernel in the top 2 GiB",
     {{PROGRAM(TEXT, p_vaddr), 0x100000}}},
    {"segment 2 at 0xffffffff7ffff000 lies below 0xffffffff80000000: link the kernel in the top 2 "
     "GiB",
     {{PROGRAM(DATA, p_vaddr), BASE - 0x1000}}},

    // Its permissions.
    {"segment 0 at 0xffffffff80000000 is both writable and executable",
     {{PROGRAM(TEXT, p_flags), R | W | X}}},
    {"segment 2 at 0xffffffff80002000 is both writable and executable",
     {{PROGRAM(DATA, p_flags), R | W | X}}},
    {"segment 2 at 0xffffffff80002000 is both writable and executable",
     {{PROGRAM(DATA, p_flags), W | X}}},
    {"segment 0 at 0xffffffff80000000 is not readable", {{PROGRAM(TEXT, p_flags), X}}},
    {"segment 2 at 0xffffffff80002000 is not readable", {{PROGRAM(DATA, p_flags), W}}},
    {"segment 1 at 0xffffffff80001000 is not readable", {{PROGRAM(RODATA, p_flags), 0}}},

    // Its parts among each other.
    {"the segment at 0xffffffff80000000-0xffffffff80000020 shares a page with the segment or "
     "region at 0xffffffff80000000",
     {{PROGRAM(RODATA, p_vaddr), BASE}}},
    {"the segment at 0xffffffff80001000-0xffffffff80001020 shares a page with the segment or "
     "region at 0xffffffff80000000",
     {{PROGRAM(TEXT, p_flags), R | W}, {PROGRAM(TEXT, p_memsz), 0x1001}}},
    {"the segment at 0xffffffff80000000-0xffffffff80001800 shares a page with the segment or "
     "region at 0xffffffff80000000",
     {{PROGRAM(DATA, p_vaddr), BASE}}},
    {"the segment at 0xffffffff80003000-0xffffffff8000b000 shares a page with the segment or "
     "region at 0xffffffff80002000",
     {{PROGRAM(STACK, p_vaddr), BASE + 0x3000}}},
    {"the segment at 0xffffffff80005000-0xffffffff8000d000 shares a page with the segment or "
     "region at 0xffffffff80002000",
     {{PROGRAM(DATA, p_memsz), 0x3001}}},
    {"the segment at 0xffffffff8000e000-0xffffffff80016000 shares a page with the segment or "
     "region at 0xffffffff8000e000",
     {{PROGRAM(STACK, p_vaddr), BASE + 0xe000}}},
    {"the segment at 0xffffffff80005000-0xffffffff8000e001 shares a page with the segment or "
     "region at 0xffffffff8000e000",
     {{PROGRAM(STACK, p_memsz), 0x9001}}},
    {"the segment at 0xffffffff8001d000-0xffffffff80025000 shares a page with the segment or "
     "region at 0xffffffff8000e000",
     {{PROGRAM(STACK, p_vaddr), BASE + 0x1d000}}},

    // Its region.
    {"no region for the early heap: none of 18 program headers has type 0x6b6d656d "
     "(PT_EARLY_HEAP); link with linker.ld",
     {{PROGRAM(REGION, p_type), PT_NULL}}},
    {"program header 5 is a second region for the early heap, at 0x0; the first is at "
     "0xffffffff8000e000",
     {{PROGRAM(OTHER, p_type), PT_EARLY_HEAP}}},
    {"the kernel keeps version 0 of the handoff (p_paddr of program header 4) and this loader "
     "keeps "
     "version 5: build both from one tree",
     {{PROGRAM(REGION, p_paddr), 0}}},
    {"the kernel keeps version 4294967301 of the handoff (p_paddr of program header 4) and this "
     "loader keeps version 5: build both from one tree",
     {{PROGRAM(REGION, p_paddr), HANDOFF_VERSION + (UINT64_C(1) << 32)}}},
    {"the early heap's region (program header 4) has 1 byte in the file, it must have none",
     {{PROGRAM(REGION, p_filesz), 1}}},
    {"the early heap's region (program header 4) has no bytes", {{PROGRAM(REGION, p_memsz), 0}}},
    {"the early heap's region (program header 4) at 0xffffffff8000e008, 0x10000 bytes, is not made "
     "of whole pages",
     {{PROGRAM(REGION, p_vaddr), BASE + 0xe008}}},
    {"the early heap's region (program header 4) at 0xffffffff8000e000, 0x10800 bytes, is not made "
     "of whole pages",
     {{PROGRAM(REGION, p_memsz), 0x10800}}},
    {"segment 4 at 0xffffffff8000e000, 0xfffffffffffff000 bytes long, reaches beyond the end of "
     "the address space",
     {{PROGRAM(REGION, p_memsz), UINT64_MAX - 0xfff}}},
    {"segment 4 at 0x200000 lies below 0xffffffff80000000: link the kernel in the top 2 GiB",
     {{PROGRAM(REGION, p_vaddr), 0x200000}}},
    {"the early heap's region (program header 4) has flags 7, 6 (read, write) is needed",
     {{PROGRAM(REGION, p_flags), R | W | X}}},
    {"the early heap's region (program header 4) has flags 4, 6 (read, write) is needed",
     {{PROGRAM(REGION, p_flags), R}}},
    {"the early heap's region (program header 4) has flags 2, 6 (read, write) is needed",
     {{PROGRAM(REGION, p_flags), W}}},
    {"the early heap's region at 0xffffffff8000e000 is not the last part of the image, which ends "
     "at 0xffffffff80027000",
     {{PROGRAM(STACK, p_vaddr), BASE + 0x1f000}}},
    {"the early heap's region at 0xffffffff8000e000 is not the last part of the image, which ends "
     "at 0xffffffff8001f000",
     {{PROGRAM(STACK, p_vaddr), BASE + 0x1e000}, {PROGRAM(STACK, p_memsz), 1}}},

    // Its entry.
    {"the entry point 0x0 lies in no segment", {{HEADER(e_entry), 0}}},
    {"the entry point 0xffffffff7fffffff lies in no segment", {{HEADER(e_entry), BASE - 1}}},
    {"the entry point 0xffffffff80000040 lies in no segment", {{HEADER(e_entry), BASE + 64}}},
    {"the entry point 0xffffffffffffffff lies in no segment", {{HEADER(e_entry), UINT64_MAX}}},
    {"the entry point 0xffffffff80002020 lies in no segment", {{HEADER(e_entry), BASE + 0x2020}}},
    {"the entry point 0xffffffff80005000 lies in no segment", {{HEADER(e_entry), BASE + 0x5000}}},
    {"the entry point 0xffffffff8000e000 lies in no segment", {{HEADER(e_entry), BASE + 0xe000}}},
    {"the entry point 0xffffffff80001000 lies in the segment at "
     "0xffffffff80001000-0xffffffff80001020, which is not executable",
     {{HEADER(e_entry), BASE + 0x1000}}},
    {"the entry point 0xffffffff8000201f lies in the segment at "
     "0xffffffff80002000-0xffffffff80003800, which is not executable",
     {{HEADER(e_entry), BASE + 0x201f}}},
};
#define DAMAGE_COUNT (sizeof damages / sizeof damages[0])

static struct file file;
static struct elf_image image;
static struct elf_defect defect;
static char text[256];

static bool check_file(const void *bytes, size_t size)
{
    return elf_check(bytes, size, &image, &defect);
}

// What the loader would say of the last file checked.
static const char *sentence(void)
{
    struct writer_buffer buffer;
    struct writer writer = writer_to_buffer(&buffer, text, sizeof text);

    elf_describe(&writer, &defect);
    return text;
}

static void apply(const struct patch *patch)
{
    memcpy((unsigned char *)&file + patch->offset, &patch->value, patch->size);
}

static void a_good_file_is_described_exactly(struct suite_run *run)
{
    CHECK(run, check_file(&good, sizeof good));
    CHECK_TEXT(run, sentence(), "the kernel file is good");
    CHECK_EQUAL(run, image.entry, BASE + 16);
    CHECK_EQUAL(run, image.start, BASE);
    CHECK_EQUAL(run, image.end, BASE + 0x1e000);
    CHECK_EQUAL(run, image.region_start, BASE + 0xe000);
    CHECK_EQUAL(run, image.region_end, BASE + 0x1e000);
    CHECK_EQUAL(run, image.segment_count, 4);
    CHECK_EQUAL(run, image.segments[DATA].offset, offsetof(struct file, data));
    CHECK_EQUAL(run, image.segments[DATA].file_size, 32);
    CHECK_EQUAL(run, image.segments[DATA].start, BASE + 0x2000);
    CHECK_EQUAL(run, image.segments[DATA].end, BASE + 0x3800);
    CHECK(run, image.segments[TEXT].executable && !image.segments[TEXT].writable);
    CHECK(run, !image.segments[RODATA].executable && !image.segments[RODATA].writable);
    CHECK(run, !image.segments[DATA].executable && image.segments[DATA].writable);
}

static void each_damage_has_its_own_sentence(struct suite_run *run)
{
    for (size_t i = 0; i < DAMAGE_COUNT; i++) {
        file = good;
        for (size_t j = 0; j < sizeof damages[i].patches / sizeof damages[i].patches[0]; j++)
            apply(&damages[i].patches[j]);
        (void)check_file(&file, sizeof file);
        CHECK_TEXT(run, sentence(), damages[i].sentence);
        CHECK(run, defect.status != ELF_OK && !check_file(&file, sizeof file));
    }
}

// The file lies at the end of an array, so that a sanitizer sees a read beyond it.
static void a_file_that_was_cut_off_anywhere_is_rejected(struct suite_run *run)
{
    static unsigned char bytes[sizeof(struct file)];

    for (size_t size = 0; size < sizeof good; size++) {
        unsigned char *start = bytes + sizeof bytes - size;
        memcpy(start, &good, size);
        if (check_file(start, size))
            writer_print(run->writer, "    # a file of %zu bytes passed\n", size);
        CHECK(run, defect.status != ELF_OK);
        // Which table or segment is missed first.
        const char *cause = size < 64 ? "the kernel file has "
                            : size < 1072
                                ? "the table of 18 program headers at offset 64 reaches beyond"
                                : "the table of 1 section header at offset 1200 reaches beyond";
        CHECK(run, memcmp(sentence(), cause, 20) == 0);
    }
}

static void a_short_file_is_told_how_long_a_header_is(struct suite_run *run)
{
    CHECK(run, !check_file(&good, 0));
    CHECK_TEXT(run, sentence(), "the kernel file has 0 bytes, an ELF header alone needs 64");
    CHECK(run, !check_file(&good, 63));
    CHECK_TEXT(run, sentence(), "the kernel file has 63 bytes, an ELF header alone needs 64");
}

// Without section headers it is the segments' own bytes that are missed.
static void a_stripped_file_is_cut_off_at_its_segments(struct suite_run *run)
{
    file = good;
    file.header.e_shoff = 0;
    CHECK(run, check_file(&file, offsetof(struct file, section_header)));
    CHECK(run, !check_file(&file, offsetof(struct file, section_header) - 1));
    CHECK_TEXT(run, sentence(),
               "segment 2, 1168 bytes into the file and 32 long, reaches beyond "
               "its end: is the file truncated?");
    CHECK(run, !check_file(&file, offsetof(struct file, text)));
    CHECK_TEXT(run, sentence(),
               "segment 0, 1072 bytes into the file and 64 long, reaches beyond "
               "its end: is the file truncated?");
}

static void a_file_may_lie_at_any_address(struct suite_run *run)
{
    static unsigned char bytes[sizeof(struct file) + 8];

    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(bytes + shift, &good, sizeof good);
        CHECK(run, check_file(bytes + shift, sizeof good));
    }
}

static void limits_are_accepted_to_the_last_byte(struct suite_run *run)
{
    static const struct damage harmless[] = {
        {"whole page of data", {{PROGRAM(DATA, p_memsz), 0x1000}}},
        {"no alignment", {{PROGRAM(TEXT, p_align), 0}}},
        {"text that lies in the file as its alignment asks for", {{PROGRAM(TEXT, p_align), 16}}},
        {"entry at the first byte", {{HEADER(e_entry), BASE}}},
        {"entry at the last byte", {{HEADER(e_entry), BASE + 63}}},
        {"stack that ends where the region begins", {{PROGRAM(STACK, p_memsz), 0x9000}}},
        {"data without bytes in memory or file",
         {{PROGRAM(DATA, p_memsz), 0}, {PROGRAM(DATA, p_filesz), 0}}},
        {"region of one page", {{PROGRAM(REGION, p_memsz), 0x1000}}},
        {"region that ends before the last page",
         {{PROGRAM(REGION, p_vaddr), UINT64_MAX - 0x1fff}, {PROGRAM(REGION, p_memsz), 0x1000}}},
        {"region with the executable-stack flag of another header",
         {{PROGRAM(OTHER, p_flags), R | W | X}}},
        {"no section headers, whatever their number",
         {{HEADER(e_shoff), 0}, {HEADER(e_shnum), 65535}}},
        {"five program headers, and an empty table of section headers at the file's end",
         {{HEADER(e_phnum), 5}, {HEADER(e_shnum), 0}, {HEADER(e_shoff), sizeof(struct file)}}},
    };

    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        file = good;
        for (size_t j = 0; j < sizeof harmless[i].patches / sizeof harmless[i].patches[0]; j++)
            apply(&harmless[i].patches[j]);
        if (!check_file(&file, sizeof file))
            writer_print(run->writer, "    # %s: %s\n", harmless[i].sentence, sentence());
        CHECK(run, defect.status == ELF_OK);
    }
}

// Segment `index` of many: a page each, in descending order, below the stack's usual place.
static void make_segment(size_t index)
{
    file.program[index] = (struct program){
        PT_LOAD, R | W, 0, BASE + 0x100000 - 0x1000 * index, 0, 0, 0x1000, 4096,
    };
}

static void sixteen_segments_are_the_most(struct suite_run *run)
{
    file = good;
    file.program[REGION].p_vaddr = BASE + 0x200000;
    for (size_t i = OTHER; i < PROGRAMS - 1; i++)
        make_segment(i);
    CHECK(run, check_file(&file, sizeof file));
    CHECK_EQUAL(run, image.segment_count, ELF_SEGMENTS_MAX);
    CHECK_EQUAL(run, image.end, BASE + 0x210000);
    file.header.e_entry = 0;
    CHECK(run, !check_file(&file, sizeof file));
    CHECK_TEXT(run, sentence(), "the entry point 0x0 lies in no segment");
    make_segment(PROGRAMS - 1);
    CHECK(run, !check_file(&file, sizeof file));
    CHECK_TEXT(run, sentence(), "the kernel file has more than 16 segments to load");
}

// The extent is that of the lowest and the highest part, wherever they stand in the table.
static void parts_may_come_in_any_order(struct suite_run *run)
{
    file = good;
    file.program[TEXT] = good.program[REGION];
    file.program[REGION] = good.program[TEXT];
    CHECK(run, check_file(&file, sizeof file));
    CHECK_EQUAL(run, image.start, BASE);
    CHECK_EQUAL(run, image.end, BASE + 0x1e000);
    CHECK_EQUAL(run, image.segments[3].start, BASE);

    file = good;
    file.program[TEXT] = good.program[STACK];
    file.program[STACK] = good.program[TEXT];
    file.program[TEXT].p_memsz = 0x9001; // into the region
    CHECK(run, !check_file(&file, sizeof file));
}

static bool pages_are_apart(uint64_t start, uint64_t end, uint64_t other_start, uint64_t other_end)
{
    return (end + 0xfff) / 0x1000 <= other_start / 0x1000 ||
           (other_end + 0xfff) / 0x1000 <= start / 0x1000;
}

// What must hold of any file that passed, however it came about.
static void check_accepted(struct suite_run *run, size_t size)
{
    bool entry_is_code = false;

    CHECK(run, image.segment_count >= 1 && image.segment_count <= ELF_SEGMENTS_MAX);
    CHECK(run, image.start >= BASE && image.start % 0x1000 == 0 && image.end % 0x1000 == 0);
    CHECK(run, image.region_start < image.region_end && image.region_end == image.end);
    CHECK(run, image.region_start % 0x1000 == 0);
    for (size_t i = 0; i < image.segment_count; i++) {
        const struct elf_segment *one = &image.segments[i];
        CHECK(run, one->offset <= size && one->file_size <= size - one->offset);
        CHECK(run, one->start < one->end && one->file_size <= one->end - one->start);
        CHECK(run, one->start >= image.start && one->end <= image.end && one->start % 0x1000 == 0);
        CHECK(run, !(one->writable && one->executable));
        CHECK(run, pages_are_apart(one->start, one->end, image.region_start, image.region_end));
        for (size_t j = 0; j < i; j++)
            CHECK(run, pages_are_apart(one->start, one->end, image.segments[j].start,
                                       image.segments[j].end));
        if (one->executable && image.entry >= one->start &&
            image.entry < one->start + one->file_size)
            entry_is_code = true;
    }
    CHECK(run, entry_is_code);
}

// Every bit of both tables flipped, and every byte made 0, 0x7f, 0x80 and 0xff.
static void whatever_passes_keeps_the_promises(struct suite_run *run)
{
    static const uint8_t values[] = {0, 0x7f, 0x80, 0xff};
    size_t tables = offsetof(struct file, program[SPARE]);

    for (size_t i = 0; i < tables; i++) {
        for (size_t j = 0; j < 8 + sizeof values; j++) {
            file = good;
            uint8_t *byte = (uint8_t *)&file + i;
            unsigned flipped = *byte ^ 1u << j;
            *byte = j < 8 ? (uint8_t)flipped : values[j - 8];
            if (check_file(&file, sizeof file))
                check_accepted(run, sizeof file);
            else
                CHECK(run, defect.status != ELF_OK);
            if (run->failed) {
                writer_print(run->writer, "    # with byte %zu made 0x%02x\n", i, *byte);
                return;
            }
        }
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_good_file_is_described_exactly),
    SUITE_CASE(each_damage_has_its_own_sentence),
    SUITE_CASE(a_file_that_was_cut_off_anywhere_is_rejected),
    SUITE_CASE(a_short_file_is_told_how_long_a_header_is),
    SUITE_CASE(a_stripped_file_is_cut_off_at_its_segments),
    SUITE_CASE(a_file_may_lie_at_any_address),
    SUITE_CASE(limits_are_accepted_to_the_last_byte),
    SUITE_CASE(sixteen_segments_are_the_most),
    SUITE_CASE(parts_may_come_in_any_order),
    SUITE_CASE(whatever_passes_keeps_the_promises),
};
const struct suite elf_suite = SUITE("elf", cases);
