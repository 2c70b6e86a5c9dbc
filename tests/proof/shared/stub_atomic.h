// SPDX-License-Identifier: MIT
// A stub of kmem/atomic.h with the same guard, forced in front of kmem/fba_shared.c for the
// memory-model checker: the same three operations, each carried out by explore.cpp on an atomic of
// the checker.
#ifndef KMEM_ATOMIC_H
#define KMEM_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uintptr_t explored_load(const uintptr_t *address);
bool explored_exchange_if(uintptr_t *address, uintptr_t *expected, uintptr_t desired);
void explored_count(uintptr_t *address);

#ifdef __cplusplus
}
#endif

#define ATOMIC_LOAD(address) explored_load(address)
#define ATOMIC_EXCHANGE_IF(address, expected, desired)                                             \
    explored_exchange_if((address), (expected), (desired))
#define ATOMIC_COUNT(address) explored_count(address)

#endif
