// SPDX-License-Identifier: MIT
// wx_check: W^X over the whole address space: no page frame is writable through one mapping and
// executable through another. paging.h keeps it for a single mapping.
#ifndef BOOT_KERNEL_WX_CHECK_H
#define BOOT_KERNEL_WX_CHECK_H

#include "arch/x86_64/paging.h"
#include "kmem/writer.h"

#include <stdbool.h>

// Walks the page tables once, and once more for each executable range. Prints the result to
// `writer`: the number of ranges, or the first violation. False iff there is one.
bool wx_check(const struct paging *paging, const struct writer *writer);

#endif
