// SPDX-License-Identifier: MIT
// elf_format: the parts of an ELF64 file for x86-64 that the loader reads, with the names of their
// specification: System V ABI, chapters 4 and 5 ("ELF Header", "Program Header", "Note Section"),
// and its AMD64 supplement. A file has any alignment: these structures are copied out of it.
#ifndef BOOT_LOADER_ELF_FORMAT_H
#define BOOT_LOADER_ELF_FORMAT_H

#include <stdint.h>

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

struct note_header {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
};

enum { EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6 };
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_EXEC 2
#define EM_X86_64 62
#define PT_LOAD 1
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_TLS 7
#define PT_LOOS 0x60000000u
#define PT_HIPROC 0x7fffffffu
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

#endif
