// SPDX-License-Identifier: MIT
// What the parsers call and do not define, as contracts. Frama-C reads this header before each
// source that parsers.py proves.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_ENVIRONMENT_H
#define TESTS_PROOF_PARSERS_ENVIRONMENT_H

#include "kmem/writer.h"

#include <stddef.h>
#include <stdint.h>

// What memcpy() of arch/x86_64/string.h is for Frama-C. What kmem/ inlines and the parsers do not call
// needs no more.
void *proof_memcpy(void *to, const void *from, size_t size);

// Frama-C knows the alignment of a type by its older name only.
#define _Alignof(type) __alignof__(type)

/*@ terminates \true; assigns \nothing; */
void writer_print(const struct writer *writer, const char *format, ...);

/*@
  logic integer page_start(integer address) = address - address % 4096;
  logic integer page_end(integer address) = page_start(address + 4096 - 1);
  lemma page_start_aligned: \forall integer x; 0 <= x ==> page_start(x) % 4096 == 0;
  axiomatic Bits {
    axiom highest_bits: \forall integer x; 0 <= x <= UINT64_MAX ==> 0 <= (x >> 6) && (x >> 6) * 64 <= x;
    axiom page_mask: \forall integer x; 0 <= x <= UINT64_MAX ==> (x & (4096 - 1)) == x % 4096;
    axiom page_mask_off: \forall integer x; 0 <= x <= UINT64_MAX ==>
        (x & (uint64_t)~(4096 - 1)) == page_start(x);
    axiom modulo_below: \forall integer x; -UINT64_MAX - 1 <= x < 0 ==> (uint64_t)x == x + UINT64_MAX + 1;
    axiom or_above: \forall integer x, y; 0 <= x <= UINT64_MAX && 0 <= y <= UINT64_MAX ==>
        x <= (x | y) <= UINT64_MAX;
    axiom page_mask_or: \forall integer x, y; 0 <= x <= UINT64_MAX && 0 <= y <= UINT64_MAX ==>
        (((x | y) & (4096 - 1)) == 0 <==> x % 4096 == 0 && y % 4096 == 0);
  }
*/

#endif
