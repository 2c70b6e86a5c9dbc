// SPDX-License-Identifier: MIT
// The sentences of elf_defect.h.
#include "boot/loader/elf_defect.h"

#define CHANGED ": is the file damaged, or did a tool rewrite it?"

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
        writer_print(writer, "the kernel file has %llu byte%s, an ELF header alone needs %llu", a,
                     writer_plural(a), b);
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
        writer_print(writer, "the ELF header says that it has %llu byte%s, it must have 64", a,
                     writer_plural(a));
        return;
    case ELF_BAD_PROGRAM_HEADER_SIZE:
        writer_print(writer, "a program header has %llu byte%s, it must have 56", a,
                     writer_plural(a));
        return;
    case ELF_NO_PROGRAM_HEADERS:
        writer_print(writer, "the kernel file has no program headers, so nothing to load");
        return;
    case ELF_PROGRAM_HEADERS_OUTSIDE:
        writer_print(
            writer,
            "the table of %llu program header%s at offset %llu reaches beyond the file's end "
            "at %llu: is the file truncated?",
            a, writer_plural(a), b, c);
        return;
    case ELF_SECTION_HEADERS_OUTSIDE:
        writer_print(
            writer,
            "the table of %llu section header%s at offset %llu reaches beyond the file's end "
            "at %llu: is the file truncated?",
            a, writer_plural(a), b, c);
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
        writer_print(writer, "none of %llu program header%s is a segment to load", a,
                     writer_plural(a));
        return;
    case ELF_SEGMENT_OUTSIDE:
        writer_print(writer,
                     "segment %llu, %llu byte%s into the file and %llu long, reaches beyond its "
                     "end: is the file truncated?",
                     a, b, writer_plural(b), c);
        return;
    case ELF_SEGMENT_LARGER_IN_FILE:
        writer_print(writer, "segment %llu has %llu byte%s in the file but only %llu in memory", a,
                     b, writer_plural(b), c);
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
                     "segment %llu, %llu byte%s into the file, does not lie there as its alignment "
                     "of %llu asks for: is the file damaged?",
                     a, b, writer_plural(b), c);
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
                     "segment %llu is not writable, but of its %llu byte%s in memory %llu stand in "
                     "the file: is the file damaged?",
                     a, c, writer_plural(c), b);
        return;
    case ELF_SEGMENTS_OVERLAP:
        writer_print(writer,
                     "the segment at 0x%llx-0x%llx shares a page with the segment or region at "
                     "0x%llx",
                     a, b, c);
        return;
    case ELF_NO_REGION:
        writer_print(writer,
                     "no region for the early heap: none of %llu program header%s has type 0x%llx "
                     "(PT_EARLY_HEAP); link with linker.ld",
                     b, writer_plural(b), a);
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
    case ELF_OTHER_HANDOFF_IN_NOTE:
        writer_print(
            writer,
            "the kernel keeps version %llu of the handoff (its note) and this loader keeps "
            "version %llu: build both from one tree",
            a, b);
        return;
    case ELF_REGION_IN_FILE:
        writer_print(writer,
                     "the early heap's region (program header %llu) has %llu byte%s in the file, "
                     "it must have none",
                     a, b, writer_plural(b));
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
    case ELF_NOTE_MISSING:
        writer_print(writer,
                     "the flags of program header %llu say that the file has a note with its "
                     "checksums (boot/file_note.h), but it has none: is the file damaged, or did a "
                     "tool remove the note?",
                     a);
        return;
    case ELF_NOTE_EMPTY:
        writer_print(writer,
                     "the note %llu byte%s into the file is empty: run boot/loader/elf_note.py on "
                     "the file after it is linked",
                     a, writer_plural(a));
        return;
    case ELF_NOTE_DAMAGED:
        writer_print(writer,
                     "the note %llu byte%s into the file, which has its checksums, is damaged", a,
                     writer_plural(a));
        return;
    case ELF_CHANGED_ENTRY:
        writer_print(writer, "the entry point is 0x%llx, but 0x%llx was linked" CHANGED, a, b);
        return;
    case ELF_CHANGED_COUNT:
        writer_print(writer,
                     "of segments and regions the file has %llu, but %llu were linked" CHANGED, a,
                     b);
        return;
    case ELF_CHANGED_TYPE:
        writer_print(writer, "program header %llu has type 0x%llx, but 0x%llx was linked" CHANGED,
                     a, b, c);
        return;
    case ELF_CHANGED_FLAGS:
        writer_print(writer, "program header %llu has flags 0x%llx, but 0x%llx were linked" CHANGED,
                     a, b, c);
        return;
    case ELF_CHANGED_ADDRESS:
        writer_print(writer, "segment %llu is at 0x%llx, but was linked at 0x%llx" CHANGED, a, b,
                     c);
        return;
    case ELF_CHANGED_FILE_SIZE:
        writer_print(writer,
                     "segment %llu has %llu byte%s in the file, but %llu were linked" CHANGED, a, b,
                     writer_plural(b), c);
        return;
    case ELF_CHANGED_MEMORY_SIZE:
        writer_print(writer, "segment %llu has %llu byte%s in memory, but %llu were linked" CHANGED,
                     a, b, writer_plural(b), c);
        return;
    case ELF_CHANGED_BYTES:
        writer_print(writer,
                     "the bytes of segment %llu, %llu byte%s into the file and %llu long, are not "
                     "those that were linked: their checksum differs" CHANGED,
                     a, b, writer_plural(b), c);
        return;
    }
}
