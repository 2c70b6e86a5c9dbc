// SPDX-License-Identifier: MIT
// What boot/memory_map.c calls and does not define, beyond environment.h, and what the contracts of
// its users say of a map.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_MEMORY_MAP_H
#define TESTS_PROOF_PARSERS_MEMORY_MAP_H

#include "boot/memory_map.h"

// What is copied out of bytes, which may have any alignment, has any value. As many bytes are copied as
// it has, or, where it is copied into bytes, as are asked for. What is not written to has the same value
// each time.
/*@ axiomatic Copies { logic uint8_t *copy_of(uint8_t *from); } */
/*@ requires size == place && \valid_read(from + (0 .. size - 1));
    terminates \true; assigns \nothing;
    ensures \valid_read((uint8_t *)\result + (0 .. size - 1)) && \result == (void *)copy_of(from); */
const void *proof_copy(const uint8_t *from, size_t size, size_t place);
/*@ requires \valid(to + (0 .. size - 1));
    terminates \true; assigns to[0 .. size - 1]; */
void proof_put(uint8_t *to, size_t size);
#define proof_memcpy(to, from, size)                                                               \
    {                                                                                              \
        if (sizeof(*(to)) == 1)                                                                    \
            proof_put((uint8_t *)(to), (size));                                                    \
        else                                                                                       \
            *(to) = *(const __typeof__(*(to)) *)proof_copy((const uint8_t *)(from), (size), sizeof(*(to))); \
    }

/*@
  predicate whole_map{L}(struct memory_map *map) =
      \valid_read(map) && MEMORY_DESCRIPTOR_SIZE <= map->stride
      && \valid_read(map->descriptors + (0 .. map->size - 1));
*/

/*@ requires \valid(map) && map->count <= map->capacity;
    requires \valid(map->entries + (0 .. map->capacity - 1));
    requires \separated(map->entries + (0 .. map->capacity - 1), map);
    terminates \true;
    assigns map->count, map->empty, map->cut, map->lacking, map->entries[0 .. map->capacity - 1];
    ensures map->count <= map->capacity; */
void region_add(struct region_map *map, uint64_t start, uint64_t size, uint32_t kind);

#endif
