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
#define ENTRY_TOUCHED (UINT64_C(3) << 5)       // A and D, which the processor sets
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
#define ENTRIES 512u // of a table

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

static uint64_t *entries_of(const struct paging *paging, physical_t table)
{
    return (uint64_t *)(paging->direct_map + (uintptr_t)table.value);
}

static unsigned index_of(unsigned level, uintptr_t address)
{
    return (unsigned)(address >> level_shift(level) & INDEX_MASK);
}

static uint64_t *entry_of(const struct paging *paging, physical_t table, unsigned level,
                          uintptr_t address)
{
    return &entries_of(paging, table)[index_of(level, address)];
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

// What `rights` are below this entry.
static uint64_t rights_below(uint64_t rights, uint64_t entry)
{
    return (rights & (entry | ~RIGHTS_GRANTED)) | (entry & ENTRY_NO_EXECUTE);
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
        *rights = rights_below(*rights, *entry);
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

bool paging_maps_any(const struct paging *paging, uintptr_t start, uint64_t size)
{
    if (size > UINT64_MAX - start)
        return false;
    for (uintptr_t at = start; at - start < size;) {
        struct paging_lookup found = paging_lookup(paging, at);
        uint64_t step = found.page_size - at % found.page_size;
        if (found.present)
            return true;
        if (step >= size - (at - start))
            return false;
        at += step;
    }
    return false;
}

// ── Walking ─────────────────────────────────────────────────────────────────────────────────────

struct walk {
    const struct paging *paging;
    void (*visit)(void *context, const struct paging_range *range);
    void *context;
    struct paging_range range; // what may still grow; size 0: none
};

static bool continues(const struct paging_range *range, const struct paging_range *next)
{
    return range->size != 0 && range->start + range->size == next->start &&
           range->to.value + range->size == next->to.value && range->writable == next->writable &&
           range->executable == next->executable && range->user == next->user;
}

static void add_to_walk(struct walk *walk, const struct paging_range *next)
{
    if (continues(&walk->range, next)) {
        walk->range.size += next->size;
        return;
    }
    if (walk->range.size != 0)
        walk->visit(walk->context, &walk->range);
    walk->range = *next;
}

// How many entries from this one on map pages that follow one another, with the same bits. An entry
// takes a handful of instructions: that is all that grows with memory.
static unsigned run_of_pages(const uint64_t *entries, unsigned most, uint64_t page_size)
{
    uint64_t expected = entries[0] & ~ENTRY_TOUCHED;
    unsigned count = 1;

    while (count < most && (entries[count] & ~ENTRY_TOUCHED) == (expected += page_size))
        count++;
    return count;
}

// Adds the pages of a table that begins to map at `start`, and of the tables below it.
static void walk_table(struct walk *walk, physical_t table, unsigned level, uintptr_t start,
                       uint64_t rights)
{
    const uint64_t *entries = entries_of(walk->paging, table);
    uint64_t size = level_size(level);

    for (unsigned i = 0, count; i < ENTRIES; i += count) {
        uint64_t entry = entries[i];
        uintptr_t address = start + i * size;
        count = 1;
        if (!(entry & ENTRY_PRESENT))
            continue;
        uint64_t below = rights_below(rights, entry);
        if (address >= LOWER_HALF_END)
            address |= UPPER_HALF;
        if (!is_page(level, entry)) {
            walk_table(walk, physical(entry & ENTRY_ADDRESS), level - 1, address, below);
            continue;
        }
        count = run_of_pages(&entries[i], ENTRIES - i, size);
        const struct paging_range range = {
            .start = address,
            .size = count * size,
            .to = physical(page_round_down(entry & ENTRY_ADDRESS, size)),
            .writable = below & ENTRY_WRITABLE,
            .executable = !(below & ENTRY_NO_EXECUTE),
            .user = below & ENTRY_USER,
        };
        add_to_walk(walk, &range);
    }
}

void paging_walk(const struct paging *paging,
                 void (*visit)(void *context, const struct paging_range *range), void *context)
{
    struct walk walk = {.paging = paging, .visit = visit, .context = context};

    walk_table(&walk, paging->root, LEVEL_PML4, 0, RIGHTS_GRANTED);
    if (walk.range.size != 0)
        visit(context, &walk.range);
}

// ── Mapping ─────────────────────────────────────────────────────────────────────────────────────

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

// Fills entries of a table from the one for `start` on, up to the first that is not free. Returns
// the bytes that are mapped then.
static uint64_t fill(uint64_t *entries, unsigned level, uintptr_t start, uint64_t entry,
                     uint64_t size)
{
    unsigned first = index_of(level, start);
    uint64_t span = level_size(level);
    uint64_t pages = size / span < ENTRIES - first ? size / span : ENTRIES - first;
    unsigned count = 0;

    for (; count < pages && !(entries[first + count] & ENTRY_PRESENT); count++, entry += span)
        entries[first + count] = entry;
    return count * span;
}

// Maps pages at `start` in one table: the largest that alignment, `size`, `largest` and the tables
// that are there allow. Nothing is mapped there yet. Sets `mapped` to their size together.
static enum paging_status map_in_table(struct paging *paging, uintptr_t start, physical_t to,
                                       uint64_t size, enum paging_access access, uint64_t largest,
                                       uint64_t *mapped)
{
    physical_t table = paging->root;

    for (unsigned level = LEVEL_PML4;; level--) {
        uint64_t *entry = entry_of(paging, table, level, start);
        uint64_t span = level_size(level);
        if (!(*entry & ENTRY_PRESENT)) {
            if (level == 1 || (span <= largest && span <= size && (start | to.value) % span == 0)) {
                uint64_t first = to.value | page_bits(start, access);
                *mapped = fill(entries_of(paging, table), level, start,
                               first | (level > 1 ? ENTRY_LARGE : 0), size);
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
    for (uint64_t done = 0; done < size;) {
        unsigned level;
        uint64_t rights;
        const uint64_t *entry = find(paging, start + done, &level, &rights);
        unsigned rest = ENTRIES - index_of(level, start + done);
        uintptr_t end = page_round_down(start + done, level_size(level));
        if (*entry & ENTRY_PRESENT)
            return false;
        do {
            end += level_size(level);
            entry++;
            rest--;
        } while (rest > 0 && end - start < size && !(*entry & ENTRY_PRESENT));
        done = end - start;
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
        status = map_in_table(paging, start + done, physical_add(to, done), size - done, access,
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
    case PAGING_IS_MEMORY:
        return "memory is there, and no device";
    case PAGING_NX_MISSING:
        return "the processor has no no-execute bit";
    }
    return "unknown status";
}
