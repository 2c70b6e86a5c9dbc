// SPDX-License-Identifier: MIT
// What boot/acpi/madt.c calls and does not define, beyond environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_MADT_H
#define TESTS_PROOF_PARSERS_MADT_H

#include "boot/acpi/madt.h"

// A list has as many items as it counts, at some place.
/*@ axiomatic Items { logic struct acpi_processor *place; }
    predicate items{L}(struct array_list *list) = list->items == \null
        || (list->items == (void *)place && \valid(place + (0 .. list->count - 1))); */

/*@ terminates \true; assigns \nothing;
    ensures \result.items == \null && \result.count == 0; */
struct array_list array_list_init(struct allocator allocator, size_t item_size, size_t item_align);

/*@ requires \valid(list) && \valid_read((struct acpi_processor *)item) && items(list);
    terminates \true; assigns *list;
    ensures items(list); */
bool array_list_append(struct array_list *list, const void *item);

#endif
