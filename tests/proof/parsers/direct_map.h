// SPDX-License-Identifier: MIT
// What boot/direct_map.c calls and does not define, beyond environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_DIRECT_MAP_H
#define TESTS_PROOF_PARSERS_DIRECT_MAP_H

#include "boot/direct_map.h"

/*@
  axiomatic Mapped {
    // Where a virtual address leads, by the page tables in force; a page is present or not.
    predicate present(integer address);
    logic integer leads_to(integer address);
  }
  // The page of this number is in the direct map, and is itself there.
  predicate page_there(integer direct_map, integer number) =
      present(direct_map + number * PAGE_SIZE)
      && leads_to(direct_map + number * PAGE_SIZE) == number * PAGE_SIZE;
  predicate in_direct_map(integer direct_map, integer start, integer end) =
      \forall integer number; start <= number * PAGE_SIZE < end ==> page_there(direct_map, number);
*/

/*@ requires \valid_read(paging);
    terminates \true; assigns \nothing;
    ensures \result.present ==> present(address);
    ensures \result.present ==> leads_to(address) == \result.to.value; */
struct paging_lookup paging_lookup(const struct paging *paging, uintptr_t address);

#endif
