// SPDX-License-Identifier: MIT
// What boot/kernel/acpi_memory.c calls and does not define, beyond direct_map.h and environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_ACPI_MEMORY_H
#define TESTS_PROOF_PARSERS_ACPI_MEMORY_H

#include "boot/kernel/acpi_memory.h"

/*@ requires \valid(map) && \valid(mapped) && \separated(map, mapped);
    terminates \true; assigns *map, *mapped;
    ensures \result == PAGING_OK ==> \valid_read((uint8_t *)*mapped + (0 .. size - 1)); */
enum paging_status device_map_read_only(struct device_map *map, physical_t start, uint64_t size,
                                        const void **mapped);

#endif
