// SPDX-License-Identifier: MIT
// What boot/kernel/handoff_check.c calls and does not define, beyond handoff.h and memory_map.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_HANDOFF_CHECK_H
#define TESTS_PROOF_PARSERS_HANDOFF_CHECK_H

#include "boot/memory_map.h"

// A range is usable where memory_map_is_usable() says so; memory_map.acsl says what that means, and it is
// proved of boot/memory_map.c.
/*@
  axiomatic Usable {
    predicate usable(unsigned char *descriptors, integer size, integer stride, integer start, integer end);
  }
*/
/*@ requires whole_map(map);
    terminates \true; assigns \nothing;
    ensures \result ==> size > 0 && start + size <= UINT64_MAX;
    ensures \result ==> usable(map->descriptors, map->size, map->stride, start, start + size); */
bool memory_map_is_usable(const struct memory_map *map, uint64_t start, uint64_t size);

#endif
