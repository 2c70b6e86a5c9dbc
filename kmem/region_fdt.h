// SPDX-License-Identifier: MIT
// region_fdt: the memory of a flattened device tree (FDT, DTB) as entries of a region map: what
// U-Boot, OpenSBI and QEMU give to kernels of Arm, RISC-V and PowerPC.
#ifndef KMEM_REGION_FDT_H
#define KMEM_REGION_FDT_H

#include "region.h"

#ifdef __cplusplus
extern "C" {
#endif

// The bytes that a tree takes, from its header; 0 iff it does not begin with a tree's magic number.
// The first 8 bytes are read.
uint32_t region_fdt_size(const void *tree);

// Adds the `reg` of memory nodes as usable, and as reserved the memory reservation block and the
// `reg` of the nodes in /reserved-memory; nodes whose status is not "okay" are left out. The tree
// itself, the initrd and the kernel's image are the caller's to add. Recursion-free; O(tree) and
// its additions.
// False iff the tree is larger than `size` bytes or contradicts itself: what stood before has been
// added. (Devicetree Specification 0.4: 3.4 memory, 3.5 reserved memory, 5 the format.)
bool region_add_fdt(struct region_map *map, const void *tree, size_t size);

#ifdef __cplusplus
}
#endif

#endif
