// SPDX-License-Identifier: MIT
// fba_allocator: either end of an fba seen through the allocator interface.
#ifndef KMEM_FBA_ALLOCATOR_H
#define KMEM_FBA_ALLOCATOR_H

#include "allocator.h"
#include "fba.h"

#ifdef __cplusplus
extern "C" {
#endif

// The permanent end: the last block grows, shrinks and is given back; others only shrink.
struct allocator fba_allocator(struct fba *fba);

// The scratch end: the last block is given back; blocks may shrink, which gives nothing back.
struct allocator fba_scratch_allocator(struct fba *fba);

#ifdef __cplusplus
}
#endif

#endif
