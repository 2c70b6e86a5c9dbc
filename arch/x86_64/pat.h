// SPDX-License-Identifier: MIT
// pat: the page attribute table (PAT), from which an entry of a page table chooses the memory type
// of its page: write-back, uncached, or write-combining, which gathers stores and sends them out in
// bursts, as a framebuffer wants it. Each processor has a table of its own.
#ifndef ARCH_X86_64_PAT_H
#define ARCH_X86_64_PAT_H

#include <stdbool.h>
#include <stdint.h>

// The number of an entry, and the bits of a table entry that choose it: SDM 3A 11.12.3. All others
// are as after a reset (11.12.4), whatever the firmware has made of them.
#define PAT_WRITE_BACK 0      // neither bit
#define PAT_WRITE_COMBINING 1 // PWT; write-through after a reset
#define PAT_UNCACHED 3        // PWT and PCD

// What the table holds then, entry 0 in the lowest byte.
#define PAT_VALUE UINT64_C(0x0007040600070106)

// Sets this processor's table, with the sequence that SDM 3A 11.12.4 and 11.11.8 require: caches
// and TLBs are flushed on the way. Ring 0, interrupts off. On every processor, before it uses a
// mapping that chooses write-combining: until then none of its translations depends on an entry
// that changes, so that no processor has to wait for the others. False iff it has no such table,
// and such mappings are write-through.
bool pat_program(void);

#endif
