// SPDX-License-Identifier: MIT
// Page tables as SDM 3A 4.5 "4-level paging and 5-level paging" describes them. This runs in the
// loader over the firmware's identity mapping, in the kernel over its direct map, and on the host
// over ordinary memory: paging.direct_map says where tables are. Only the functions that need ring
// 0 and the flush of the TLB touch the processor.
#include "arch/x86_64/paging.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/pat.h"

// Entries, SDM 3A tables 4-15 to 4-20.
#define ENTRY_PRESENT (UINT64_C(1) << 0)
#define ENTRY_WRITABLE (UINT64_C(1) << 1)
#define ENTRY_USER (UINT64_C(1) << 2)
#define ENTRY_WRITE_THROUGH (UINT64_C(1) << 3) // PWT: the lowest bit of the number of a PAT entry
#define ENTRY_CACHE_DISABLE (UINT64_C(1) << 4) // PCD: the second
#define ENTRY_LARGE (UINT64_C(1) << 7)         // PS, in a PDPT or PD entry
#define ENTRY_GLOBAL (UINT64_C(1) << 8)
#define ENTRY_NO_EXECUTE (UINT64_C(1) << 63)
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)

#define PHYSICAL_END (UINT64_C(1) << 52) // MAXPHYADDR is at most 52: SDM 3A 4.1.4
#define PHYSICAL_BITS_WITHOUT_LEAF 36    // MAXPHYADDR of a processor that does not tell
#define UPPER_HALF (~UINT64_C(0) << 47)  // the canonical addresses from here on: SDM 1 3.3.7.1
#define LOWER_HALF_END (UINT64_C(1) << 47)

// Levels count up from the page table (1) to the PML4.
#define LEVEL_PML4 4
#define PAGE_SHIFT 12
#define INDEX_BITS 9
#define INDEX_MASK UINT64_C(0x1ff)

// The rights that a walk collects: those that every level must grant, and the one that any level
// can take away (SDM 3A 4.6).
#define RIGHTS_GRANTED (ENTRY_WRITABLE | ENTRY_USER)

static unsigned level_shift(unsigned level)
{
    return PAGE_SHIFT + INDEX_BITS * (level - 1);
}

// The bytes that an entry of this level covers.
static uint64_t level_size(unsigned level)
{
    return UINT64_C(1) << level_shift(level);
}

static uint64_t *entry_of(const struct paging *paging, physical_t table, unsigned level,
                          uintptr_t address)
{
    uint64_t *entries = (uint64_t *)(paging->direct_map + (uintptr_t)table.value);
    return &entries[address >> level_shift(level) & INDEX_MASK];
}

// Whether a present entry of this level maps a page and does not name a table.
static bool is_page(unsigned level, uint64_t entry)
{
    return level == 1 || (entry & ENTRY_LARGE);
}

static bool is_canonical(uintptr_t address)
{
    return address < LOWER_HALF_END || address >= UPPER_HALF;
}

static enum paging_status check_range(uintptr_t start, uint64_t size)
{
    if ((start | size) % PAGE_SIZE != 0)
        return PAGING_MISALIGNED;
    if (size == 0)
        return PAGING_OK;
    uintptr_t last = start + (size - 1);
    if (last < start || !is_canonical(start) || !is_canonical(last) ||
        (start < LOWER_HALF_END) != (last < LOWER_HALF_END))
        return PAGING_BAD_RANGE;
    return PAGING_OK;
}

// The entry that decides over a canonical address: a page, or the one at which the walk ends.
// Sets `level` to its level and `rights` to what all levels together say: RIGHTS_GRANTED that all
// grant, ENTRY_NO_EXECUTE if any says so.
static uint64_t *find(const struct paging *paging, uintptr_t address, unsigned *level,
                      uint64_t *rights)
{
    physical_t table = paging->root;
    *rights = RIGHTS_GRANTED;
    for (*level = LEVEL_PML4;; (*level)--) {
        uint64_t *entry = entry_of(paging, table, *level, address);
        if (!(*entry & ENTRY_PRESENT))
            return entry;
        *rights &= *entry | ~RIGHTS_GRANTED;
        *rights |= *entry & ENTRY_NO_EXECUTE;
        if (is_page(*level, *entry))
            return entry;
        table = physical(*entry & ENTRY_ADDRESS);
    }
}

struct paging_lookup paging_lookup(const struct paging *paging, uintptr_t address)
{
    if (!is_canonical(address))
        return (struct paging_lookup){.page_size = PAGE_SIZE};
    unsigned level;
    uint64_t rights;
    uint64_t entry = *find(paging, address, &level, &rights);
    uint64_t size = level_size(level);
    if (!(entry & ENTRY_PRESENT))
        return (struct paging_lookup){.page_size = size};
    // In a large page's entry, bits below its size are flags (PAT is bit 12) or reserved.
    uint64_t page = page_round_down(entry & ENTRY_ADDRESS, size);
    return (struct paging_lookup){
        .present = true,
        .writable = rights & ENTRY_WRITABLE,
        .executable = !(rights & ENTRY_NO_EXECUTE),
        .user = rights & ENTRY_USER,
        .page_size = size,
        .to = physical(page + (address & (size - 1))),
    };
}

// The first address behind the table entry that `found` describes; 0 behind the last of all.
static uintptr_t after(uintptr_t address, const struct paging_lookup *found)
{
    uintptr_t next = page_round_down(address, found->page_size) + found->page_size;
    return next == LOWER_HALF_END ? UPPER_HALF : next;
}

static bool continues(const struct paging_range *range, uintptr_t address,
                      const struct paging_lookup *found)
{
    return range->size != 0 && range->start + range->size == address &&
           range->to.value + range->size == found->to.value && range->writable == found->writable &&
           range->executable == found->executable && range->user == found->user;
}

void paging_walk(const struct paging *paging,
                 void (*visit)(void *context, const struct paging_range *range), void *context)
{
    struct paging_range range = {0};
    uintptr_t address = 0;
    do {
        struct paging_lookup found = paging_lookup(paging, address);
        if (found.present && continues(&range, address, &found)) {
            range.size += found.page_size;
        } else if (found.present) {
            if (range.size != 0)
                visit(context, &range);
            range = (struct paging_range){
                .start = address,
                .size = found.page_size,
                .to = found.to,
                .writable = found.writable,
                .executable = found.executable,
                .user = found.user,
            };
        }
        address = after(address, &found);
    } while (address != 0);
    if (range.size != 0)
        visit(context, &range);
}

// The bits that choose one of the first four entries of the page attribute table.
static uint64_t pat_bits(unsigned entry)
{
    return (entry & 1 ? ENTRY_WRITE_THROUGH : 0) | (entry & 2 ? ENTRY_CACHE_DISABLE : 0);
}

static uint64_t page_bits(uintptr_t address, enum paging_access access)
{
    uint64_t bits = ENTRY_PRESENT;
    if (access != PAGING_READ_ONLY && access != PAGING_READ_EXECUTE)
        bits |= ENTRY_WRITABLE;
    if (access == PAGING_DEVICE)
        bits |= pat_bits(PAT_UNCACHED);
    if (access == PAGING_WRITE_COMBINING)
        bits |= pat_bits(PAT_WRITE_COMBINING);
    if (access != PAGING_READ_EXECUTE)
        bits |= ENTRY_NO_EXECUTE;
    // The upper half is the same in every address space.
    return address >= UPPER_HALF ? bits | ENTRY_GLOBAL : bits;
}

// Maps one page at `start`: the largest that alignment, `size`, `largest` and the tables that are
// there allow. Nothing is mapped at it yet. Sets `mapped` to its size.
static enum paging_status map_page(struct paging *paging, uintptr_t start, physical_t to,
                                   uint64_t size, enum paging_access access, uint64_t largest,
                                   uint64_t *mapped)
{
    physical_t table = paging->root;
    for (unsigned level = LEVEL_PML4;; level--) {
        uint64_t *entry = entry_of(paging, table, level, start);
        uint64_t span = level_size(level);
        if (!(*entry & ENTRY_PRESENT)) {
            if (level == 1 || (span <= largest && span <= size && (start | to.value) % span == 0)) {
                *entry = to.value | page_bits(start, access) | (level > 1 ? ENTRY_LARGE : 0);
                *mapped = span;
                return PAGING_OK;
            }
            physical_t fresh;
            if (!paging->new_table(paging->context, &fresh))
                return PAGING_NO_MEMORY;
            // All rights here, so that the page's own entry decides.
            *entry = fresh.value | ENTRY_PRESENT | ENTRY_WRITABLE;
        }
        table = physical(*entry & ENTRY_ADDRESS);
    }
}

static bool is_free(const struct paging *paging, uintptr_t start, uint64_t size)
{
    uintptr_t address = start;
    while (address - start < size) {
        struct paging_lookup found = paging_lookup(paging, address);
        if (found.present)
            return false;
        uintptr_t next = after(address, &found);
        if (next <= address)
            return true; // that was the last entry of all
        address = next;
    }
    return true;
}

enum paging_status paging_map_large(struct paging *paging, uintptr_t start, physical_t to,
                                    uint64_t size, enum paging_access access, uint64_t largest)
{
    enum paging_status status = check_range(start, size);
    if (status != PAGING_OK)
        return status;
    if (to.value % PAGE_SIZE != 0)
        return PAGING_MISALIGNED;
    if (size > PHYSICAL_END || to.value > PHYSICAL_END - size)
        return PAGING_BAD_RANGE;
    if (!is_free(paging, start, size))
        return PAGING_OCCUPIED;
    for (uint64_t done = 0; done < size;) {
        uint64_t mapped;
        status = map_page(paging, start + done, physical_add(to, done), size - done, access,
                          largest, &mapped);
        if (status != PAGING_OK)
            return status;
        done += mapped;
    }
    return PAGING_OK;
}

enum paging_status paging_map(struct paging *paging, uintptr_t start, physical_t to, uint64_t size,
                              enum paging_access access)
{
    return paging_map_large(paging, start, to, size, access, PAGE_SIZE);
}

enum paging_status paging_unmap(struct paging *paging, uintptr_t start, uint64_t size)
{
    unsigned level;
    uint64_t rights;
    enum paging_status status = check_range(start, size);
    if (status != PAGING_OK)
        return status;
    for (uint64_t done = 0; done < size; done += level_size(level)) {
        if (!(*find(paging, start + done, &level, &rights) & ENTRY_PRESENT))
            return PAGING_NOT_MAPPED;
        if ((start + done) % level_size(level) != 0 || size - done < level_size(level))
            return PAGING_LARGE_PAGE;
    }
    for (uint64_t done = 0; done < size; done += level_size(level)) {
        *find(paging, start + done, &level, &rights) = 0;
        if (paging->active)
            cpu_invlpg(start + done);
    }
    return PAGING_OK;
}

void paging_drop_lower_half(struct paging *paging)
{
    for (uintptr_t address = 0; address < LOWER_HALF_END; address += level_size(LEVEL_PML4))
        *entry_of(paging, paging->root, LEVEL_PML4, address) = 0;
    if (paging->active)
        paging_flush_tlb();
}

void paging_drop_slot(struct paging *paging, uintptr_t address)
{
    *entry_of(paging, paging->root, LEVEL_PML4, address) = 0;
    if (paging->active)
        paging_flush_tlb();
}

void paging_flush_tlb(void)
{
    uint64_t cr4 = cpu_read_cr4();

    if (cr4 & CR4_PGE) { // clearing it forgets global pages, too: SDM 3A 4.10.4.1
        cpu_write_cr4(cr4 & ~CR4_PGE);
        cpu_write_cr4(cr4);
    } else {
        cpu_write_cr3(cpu_read_cr3());
    }
}

uint64_t paging_tables_needed(uintptr_t start, uint64_t size)
{
    if (size == 0)
        return 0;
    uint64_t tables = 0;
    for (unsigned level = 2; level <= LEVEL_PML4; level++) {
        // Each entry of this level that the range touches names one table of the level below.
        tables += ((start + (size - 1)) >> level_shift(level)) - (start >> level_shift(level)) + 1;
    }
    return tables;
}

static uint32_t extended_features(void)
{
    if (cpu_cpuid(CPUID_EXTENDED_MAXIMUM, 0).eax < CPUID_EXTENDED_FEATURES)
        return 0;
    return cpu_cpuid(CPUID_EXTENDED_FEATURES, 0).edx;
}

enum paging_status paging_supported(void)
{
    if (cpu_read_cr4() & CR4_LA57)
        return PAGING_FIVE_LEVELS;
    return (extended_features() & CPUID_EXTENDED_FEATURES_EDX_NX) ? PAGING_OK : PAGING_NX_MISSING;
}

uint64_t paging_largest_page(void)
{
    return (extended_features() & CPUID_EXTENDED_FEATURES_EDX_PAGE1GB) ? PAGE_SIZE_1G
                                                                       : PAGE_SIZE_2M;
}

uint64_t paging_physical_end(void)
{
    if (cpu_cpuid(CPUID_EXTENDED_MAXIMUM, 0).eax < CPUID_ADDRESS_SIZES)
        return UINT64_C(1) << PHYSICAL_BITS_WITHOUT_LEAF;
    return UINT64_C(1) << (cpu_cpuid(CPUID_ADDRESS_SIZES, 0).eax &
                           CPUID_ADDRESS_SIZES_EAX_PHYSICAL);
}

void paging_enable_protections(void)
{
    cpu_wrmsr(MSR_IA32_EFER, cpu_rdmsr(MSR_IA32_EFER) | EFER_NXE);
    cpu_write_cr0(cpu_read_cr0() | CR0_WP);
    if (cpu_cpuid(CPUID_FEATURES, 0).edx & CPUID_FEATURES_EDX_PGE)
        cpu_write_cr4(cpu_read_cr4() | CR4_PGE);
}

const char *paging_status_name(enum paging_status status)
{
    switch (status) {
    case PAGING_OK:
        return "ok";
    case PAGING_NO_MEMORY:
        return "no memory for a page table";
    case PAGING_MISALIGNED:
        return "an address or size is not a multiple of 4096";
    case PAGING_BAD_RANGE:
        return "the range of addresses is not valid";
    case PAGING_OCCUPIED:
        return "something is mapped there already";
    case PAGING_NOT_MAPPED:
        return "not mapped";
    case PAGING_LARGE_PAGE:
        return "mapped by a large page";
    case PAGING_FIVE_LEVELS:
        return "five-level paging is on";
    case PAGING_NX_MISSING:
        return "the processor has no no-execute bit";
    }
    return "unknown status";
}
