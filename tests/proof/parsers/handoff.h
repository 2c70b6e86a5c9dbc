// SPDX-License-Identifier: MIT
// What the contracts of boot/handoff.c and boot/kernel/handoff_check.c say of the region.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_HANDOFF_H
#define TESTS_PROOF_PARSERS_HANDOFF_H

#include "boot/handoff.h"

/*@
  logic unsigned char *descriptors{L}(struct handoff *h) =
      (unsigned char *)(uintptr_t)(h->region_virtual + h->memory_map.span.offset);
  logic char *line{L}(struct handoff *h) = (char *)(uintptr_t)(h->region_virtual + h->command_line.offset);
  logic struct handoff_module *modules{L}(struct handoff *h) =
      (struct handoff_module *)(uintptr_t)(h->region_virtual + h->modules.offset);
  logic integer module_count{L}(struct handoff *h) = h->modules.size / sizeof(struct handoff_module);

  // A part of the region, which has no more bytes than addresses.
  predicate in_region{L}(struct handoff *h, integer offset, integer size) =
      0 <= offset && 0 <= size && offset + size <= h->heap.used <= h->heap.size
      && h->region_virtual + h->heap.size <= UINT64_MAX;
*/

/*@ terminates \true; assigns \nothing; */
uint64_t paging_physical_end(void);

/*@ requires \valid_read(paging);
    terminates \true; assigns \nothing; */
bool paging_maps_any(const struct paging *paging, uintptr_t start, uint64_t size);

#endif
