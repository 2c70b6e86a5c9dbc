// SPDX-License-Identifier: MIT
// atomic: the three operations on which fba_shared.c rests, in one place, so that a checker of the
// memory model can put its own in front. The fields that they work on stay plain integers, because
// C++ and the prover read the same structure.
// Private: for sources of kmem/ only.
#ifndef KMEM_ATOMIC_H
#define KMEM_ATOMIC_H

// Of a target like Windows, as UEFI applications have it, clang defines only the second.
#if __GCC_ATOMIC_POINTER_LOCK_FREE + 0 != 2 && __CLANG_ATOMIC_POINTER_LOCK_FREE + 0 != 2
#error "fba_shared needs atomic instructions (i486; riscv: A; arm: v7, v8-M): leave fba_shared out"
#endif

// The value at `address`. Acquires: what was written before it was published is seen.
#define ATOMIC_LOAD(address) __atomic_load_n((address), __ATOMIC_ACQUIRE)

// Writes `desired` to `address` if the value there is still *expected, and says whether it did; if
// not, *expected becomes the value found. Acquires, and releases when it writes. Never fails
// without a reason.
#define ATOMIC_EXCHANGE_IF(address, expected, desired)                                             \
    __atomic_compare_exchange_n((address), (expected), (desired), 0, __ATOMIC_ACQ_REL,             \
                                __ATOMIC_ACQUIRE)

// Adds to a counter that orders nothing.
#define ATOMIC_COUNT(address) ((void)__atomic_fetch_add((address), 1, __ATOMIC_RELAXED))

#endif
