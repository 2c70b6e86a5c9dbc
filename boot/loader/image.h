// SPDX-License-Identifier: MIT
// image: the ELF loader. It allocates memory for the kernel's image, early heap included, and
// copies the segments there. The image is linked at a fixed virtual address and may lie at any
// physical address that is a multiple of 2 MiB.
#ifndef BOOT_LOADER_IMAGE_H
#define BOOT_LOADER_IMAGE_H

#include "boot/loader/loader.h"

// Allocates `image`, one piece of memory for segments and region, where the firmware puts it or, if
// the options ask for KASLR, at a random address. The region has `region_size` bytes.
// Stops iff the image is not linked at a multiple of 2 MiB, the region does not fit the address
// space, or no free piece of memory is large enough.
enum loader_result image_place(struct loader *loader);

// Copies the segments to the image and clears what the file does not have, up to the end of each
// segment's last page. Leaves region and guard pages as they are. After image_place(). Cannot fail.
enum loader_result image_load(struct loader *loader);

#endif
