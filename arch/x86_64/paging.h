// SPDX-License-Identifier: MIT
// paging: four-level page tables, built by the loader, changed and checked by the kernel.
//
//     48-bit virtual address:  |  9 bits |  9 bits |  9 bits |  9 bits | 12 bits |
//     index into the           |  PML4   |  PDPT   |   PD    |   PT    |  page   |
//     an entry there covers      512 GiB    1 GiB     2 MiB     4 KiB
//
// W^X: a mapping is read-only, executable or writable, never writable and executable. Two mappings
// of one page frame may be: the caller prevents that, and boot/kernel/wx_check.h checks it. Memory
// is mapped with entry 0 of the page attribute table, write-back, devices with entry 3, uncached,
// framebuffers with entry 1 (pat.h). Not for two processors at once.
#ifndef ARCH_X86_64_PAGING_H
#define ARCH_X86_64_PAGING_H

#include "arch/x86_64/address.h"
#include "arch/x86_64/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum paging_status {
    PAGING_OK,
    PAGING_NO_MEMORY,   // `new_table` had no page to give
    PAGING_MISALIGNED,  // an address or a size is not a multiple of 4 KiB
    PAGING_BAD_RANGE,   // wraps, or is not canonical, or is physical beyond 52 bits
    PAGING_OCCUPIED,    // something is mapped there already
    PAGING_NOT_MAPPED,  // something there is not mapped
    PAGING_LARGE_PAGE,  // a large page would have to be split
    PAGING_FIVE_LEVELS, // the processor runs with five-level paging (CR4.LA57)
    PAGING_IS_MEMORY,   // memory is there, and no device
    PAGING_NX_MISSING,  // the processor cannot forbid execution (NX), or its firmware hides it
};

enum paging_access {
    PAGING_READ_ONLY,
    PAGING_READ_EXECUTE,
    PAGING_READ_WRITE,
    PAGING_DEVICE,          // read-write and uncached, for registers; not memory
    PAGING_WRITE_COMBINING, // read-write, for framebuffers: pat_program() comes first
};

// A set of page tables.
struct paging {
    physical_t root; // the PML4: a page of 4 KiB
    // Every table is at virtual = direct_map + physical, the root included: 0 where memory is
    // mapped at its own address (firmware, loader, a test on the host), else the direct map's
    // start.
    uintptr_t direct_map;
    // Supplies a zeroed page of 4 KiB for a table, by its physical address, and returns true; or
    // returns false. May be NULL where nothing will be mapped.
    bool (*new_table)(void *context, physical_t *table);
    void *context;
    // This processor runs on these tables: what is unmapped is also flushed from its TLB. The
    // caller sees to other processors' TLBs.
    bool active;
};

// A range of virtual addresses [start, start + size) that leads to [to, to + size) with the same
// rights throughout.
struct paging_range {
    uintptr_t start;
    uint64_t size;
    physical_t to;
    bool writable, executable, user;
};

// What is known of one virtual address.
struct paging_lookup {
    bool present;
    bool writable, executable, user; // all levels taken together; false where not present
    uint64_t page_size;              // of the page; where not present, of the hole's table entry
    physical_t to;                   // of the very byte; 0 where not present
};

// What a status means, in a few words.
const char *paging_status_name(enum paging_status status);

// Whether this processor, as it runs now, can use these tables: PAGING_OK, PAGING_FIVE_LEVELS or
// PAGING_NX_MISSING. Ring 0.
enum paging_status paging_supported(void);

// The largest page that this processor has: PAGE_SIZE_1G or PAGE_SIZE_2M.
uint64_t paging_largest_page(void);

// The first physical address that this processor cannot use: bits of a table entry from there on
// are reserved (MAXPHYADDR, SDM 3A 4.1.4).
uint64_t paging_physical_end(void);

// Turns on what these tables count on: no-execute (EFER.NXE), write protection in ring 0 (CR0.WP)
// and, where there are, global pages (CR4.PGE). Before the tables are loaded: without NXE their
// bit 63 is reserved. After paging_supported said yes; on each processor; ring 0.
void paging_enable_protections(void);

// Maps [start, start + size) to `to` in pages of 4 KiB; size 0 maps nothing. Fails with
// MISALIGNED, BAD_RANGE or OCCUPIED, and then nothing has changed, or with NO_MEMORY, and then
// the pages before the one that needed the table are mapped. O(tables), and a handful of
// instructions for each entry that it fills.
enum paging_status paging_map(struct paging *paging, uintptr_t start, physical_t to, uint64_t size,
                              enum paging_access access);

// The same in the largest pages that both addresses, the size and `largest` (PAGE_SIZE,
// PAGE_SIZE_2M or PAGE_SIZE_1G) allow. The range must hold memory of one type only: a large page
// over two has undefined behaviour (SDM 3A 11.11.9).
enum paging_status paging_map_large(struct paging *paging, uintptr_t start, physical_t to,
                                    uint64_t size, enum paging_access access, uint64_t largest);

// Unmaps [start, start + size), all of which is mapped. Fails with MISALIGNED, BAD_RANGE,
// NOT_MAPPED, or LARGE_PAGE if only a part of a large page lies in there, and then nothing has
// changed. Tables that become empty stay. O(pages).
enum paging_status paging_unmap(struct paging *paging, uintptr_t start, uint64_t size);

// Unmaps everything below 2^47, whatever its page size: a kernel in the upper half does this when
// it no longer needs the mapping that the loader jumped through. The tables below the root stay,
// out of use. Constant time.
void paging_drop_lower_half(struct paging *paging);

// Unmaps the 512 GiB around `address` that one entry of the top table covers, in the same way.
void paging_drop_slot(struct paging *paging, uintptr_t address);

// Flushes this processor's TLB, global translations included: what each of the others does when one
// has unmapped something (TLB shootdown).
void paging_flush_tlb(void);

// Whether anything of [start, start + size) is mapped; not if it wraps. O(pages and holes), which
// are as large as their table entries.
bool paging_maps_any(const struct paging *paging, uintptr_t start, uint64_t size);

// What `address` leads to. An address that is not canonical is not present.
struct paging_lookup paging_lookup(const struct paging *paging, uintptr_t address);

// Calls `visit` for everything that is mapped, in ascending order of unsigned virtual addresses,
// merged: two ranges that follow one another differ in rights, or are apart in virtual or in
// physical memory. Page sizes do not matter. `visit` must not change the tables. It reads each
// table once: nothing else grows with memory.
void paging_walk(const struct paging *paging,
                 void (*visit)(void *context, const struct paging_range *range), void *context);

// How many tables below the PML4 a mapping of [start, start + size) in pages of 4 KiB takes where
// there are none yet: exact, and an upper bound where there are some. size 0 takes none. The range
// must not wrap. Constant time.
uint64_t paging_tables_needed(uintptr_t start, uint64_t size);

#endif
