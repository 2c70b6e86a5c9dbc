// SPDX-License-Identifier: MIT
// What boot/acpi/tables.c calls and does not define, beyond environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_TABLES_H
#define TESTS_PROOF_PARSERS_TABLES_H

#include "boot/acpi/tables.h"

// Any way to the memory: it gives as many bytes as it was asked for, or NULL.
/*@ terminates \true; assigns \nothing;
    ensures \result == \null || \valid_read((uint8_t *)\result + (0 .. size - 1)); */
const void *proof_memory_at(void *context, uint64_t physical, size_t size);

/*@ predicate memory{L}(struct acpi_memory *m) = \valid_read(m) && m->at == &proof_memory_at;
    predicate bytes{L}(void *p, integer length) = \valid_read((uint8_t *)p + (0 .. length - 1));
    // At most as long as the longest that is not taken for damaged.
    predicate good{L}(struct acpi_table *table) = \valid_read(table)
        && bytes(table->bytes, table->length)
        && ACPI_TABLE_HEADER_SIZE <= table->length <= 64 * 1024 * 1024; */

// A list has as many items as it counts.
/*@ predicate items{L}(struct array_list *list) = list->items == \null
        || \valid_read((struct acpi_table *)list->items + (0 .. list->count - 1)); */

/*@ terminates \true; assigns \nothing; */
struct array_list array_list_init(struct allocator allocator, size_t item_size, size_t item_align);

/*@ requires \valid(list) && \valid_read((struct acpi_table *)item);
    terminates \true; assigns *list; */
bool array_list_append(struct array_list *list, const void *item);

#endif
