// SPDX-License-Identifier: MIT
// What boot/loader/elf.c and elf_note.c call and do not define, beyond environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_ELF_H
#define TESTS_PROOF_PARSERS_ELF_H

#include "boot/loader/elf_format.h"

#include <stddef.h>

// A number or a structure that is copied out of bytes, which may have any alignment, has any value; a
// program header has the same one each time. As many bytes are copied as it has.
/*@
  axiomatic Copies {
    logic integer type_at(uint8_t *place);
    logic integer memsz_at(uint8_t *place);
  }
*/
/*@ requires size == place && \valid_read(from + (0 .. size - 1));
    terminates \true; assigns \nothing;
    ensures \valid_read((uint8_t *)\result + (0 .. size - 1));
    ensures size == sizeof(struct program_header) ==>
        ((struct program_header *)\result)->p_type == type_at(from)
        && ((struct program_header *)\result)->p_memsz == memsz_at(from); */
const void *proof_copy(const uint8_t *from, size_t size, size_t place);
#define proof_memcpy(to, from, size)                                                               \
    ((void)(*(to) = *(const __typeof__(*(to)) *)proof_copy((from), (size), sizeof(*(to)))))

/*@ requires \valid_read((uint8_t *)left + (0 .. size - 1));
    requires \valid_read((uint8_t *)right + (0 .. size - 1));
    terminates \true; assigns \nothing; */
int memcmp(const void *left, const void *right, size_t size);

#endif
