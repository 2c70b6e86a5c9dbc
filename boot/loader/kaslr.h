// SPDX-License-Identifier: MIT
// kaslr: randomises the physical address of the kernel (KASLR) when the options give a seed. Its
// virtual address is fixed by the link. placement.h has the arithmetic.
#ifndef BOOT_LOADER_KASLR_H
#define BOOT_LOADER_KASLR_H

#include "boot/loader/loader.h"

// With seed=random, draws the seed from the firmware's random number generator or, if it has none,
// the processor's, and prints it, so that the boot can be repeated. Does nothing otherwise.
// Stops iff neither has a random number.
enum loader_result kaslr_draw_seed(struct loader *loader);

// Allocates `size` bytes at a multiple of HANDOFF_IMAGE_ALIGN, from 2 MiB to the end of the direct
// map, each such place in conventional memory being as likely, and prints the place. The same seed
// and the same memory map give the same place.
// Fails iff there is no such place or the firmware does not allocate any of 16 that were drawn
// (EFI_OUT_OF_RESOURCES or its own status), or as firmware_copy_map() does.
EFI_STATUS kaslr_allocate(struct loader *loader, uint64_t size, struct firmware_pages *pages);

#endif
