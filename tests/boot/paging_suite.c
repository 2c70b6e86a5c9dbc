// SPDX-License-Identifier: MIT
// What arch/x86_64/paging.h promises, on page tables that no processor runs on.
#include "arch/x86_64/string.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/pat.h"
#include "tests/boot/stub_page_tables.h"
#include "tests/boot/suites.h"

#define LOWER_END (UINT64_C(1) << 47)
#define UPPER_START UINT64_C(0xffff800000000000)
#define PHYSICAL_END (UINT64_C(1) << 52)
#define MOST_RANGES 64

static unsigned char copy[sizeof stub_tables];
static struct paging paging;
static struct paging_range ranges[MOST_RANGES];
static size_t range_count;

static void start(void)
{
    paging = stub_page_tables();
}

static void remember_range(void *context, const struct paging_range *range)
{
    (void)context;
    if (range_count < MOST_RANGES)
        ranges[range_count] = *range;
    range_count++;
}

static void walk(void)
{
    range_count = 0;
    paging_walk(&paging, remember_range, NULL);
}

static bool is_present(uintptr_t address)
{
    return paging_lookup(&paging, address).present;
}

static void what_is_mapped_is_found_byte_by_byte(struct suite_run *run)
{
    const uintptr_t at = UPPER_START + 0x3000;

    start();
    CHECK_EQUAL(run, paging_map(&paging, at, physical(0x5000), 0x3000, PAGING_READ_WRITE),
                PAGING_OK);
    for (uintptr_t i = 0; i < 0x3000; i += 0x7ff) {
        struct paging_lookup found = paging_lookup(&paging, at + i);
        CHECK(run, found.present && found.writable && !found.executable && !found.user);
        CHECK_EQUAL(run, found.to.value, 0x5000 + i);
        CHECK_EQUAL(run, found.page_size, PAGE_SIZE);
    }
    CHECK(run, !is_present(at - 1));
    CHECK(run, !is_present(at + 0x3000));
    CHECK(run, !is_present(0x3000));
}

static void rights_are_those_asked_for(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0), 0x1000, PAGING_READ_ONLY), PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, 0x2000, physical(0), 0x1000, PAGING_READ_EXECUTE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, 0x3000, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    struct paging_lookup read = paging_lookup(&paging, 0x1000);
    struct paging_lookup execute = paging_lookup(&paging, 0x2000);
    struct paging_lookup write = paging_lookup(&paging, 0x3000);
    CHECK(run, read.present && !read.writable && !read.executable);
    CHECK(run, execute.present && !execute.writable && execute.executable);
    CHECK(run, write.present && write.writable && !write.executable);
}

static void ranges_that_cannot_be_are_rejected(struct suite_run *run)
{
    static const struct {
        uintptr_t start;
        uint64_t to, size;
        enum paging_status status;
    } rejected[] = {
        {0x1001, 0, 0x1000, PAGING_MISALIGNED},
        {0x1000, 0x10, 0x1000, PAGING_MISALIGNED},
        {0x1000, 0, 0x800, PAGING_MISALIGNED},
        {UINT64_MAX - 0xfff, 0, 0x2000, PAGING_BAD_RANGE},
        {LOWER_END, 0, 0x1000, PAGING_BAD_RANGE},
        {LOWER_END - 0x1000, 0, 0x2000, PAGING_BAD_RANGE},
        {LOWER_END - 0x1000, 0, UPPER_START - LOWER_END + 0x2000, PAGING_BAD_RANGE},
        {UPPER_START - 0x1000, 0, 0x2000, PAGING_BAD_RANGE},
        {0x1000, PHYSICAL_END, 0x1000, PAGING_BAD_RANGE},
        {0x1000, PHYSICAL_END - 0x1000, 0x2000, PAGING_BAD_RANGE},
        {0x1000, UINT64_MAX - 0xfff, 0x1000, PAGING_BAD_RANGE},
    };

    start();
    for (size_t i = 0; i < sizeof rejected / sizeof rejected[0]; i++) {
        CHECK_EQUAL(run,
                    paging_map(&paging, rejected[i].start, physical(rejected[i].to),
                               rejected[i].size, PAGING_READ_WRITE),
                    rejected[i].status);
    }
    CHECK_EQUAL(run, paging_unmap(&paging, 0x1001, 0x1000), PAGING_MISALIGNED);
    CHECK_EQUAL(run, paging_unmap(&paging, LOWER_END, 0x1000), PAGING_BAD_RANGE);
    CHECK_EQUAL(run, stub_tables_taken, 1);
    walk();
    CHECK_EQUAL(run, range_count, 0);
    // The last pages that there are.
    CHECK_EQUAL(run,
                paging_map(&paging, UINT64_MAX - 0xfff, physical(PHYSICAL_END - 0x1000), 0x1000,
                           PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run,
                paging_map(&paging, LOWER_END - 0x1000, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, UINT64_MAX).to.value, PHYSICAL_END - 1);
    CHECK(run, !is_present(LOWER_END) && !is_present(UPPER_START - 1));
}

static void nothing_is_mapped_over_and_nothing_changes_then(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, 0x400000, physical(0x9000), 0x1000, PAGING_READ_ONLY),
                PAGING_OK);
    memcpy(copy, stub_tables, sizeof stub_tables);
    size_t taken = stub_tables_taken;
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0), 0x400000, PAGING_READ_WRITE),
                PAGING_OCCUPIED);
    CHECK_EQUAL(run, paging_map(&paging, 0x400000, physical(0x9000), 0x1000, PAGING_READ_ONLY),
                PAGING_OCCUPIED);
    CHECK_EQUAL(
        run,
        paging_map_large(&paging, 0, physical(0), PAGE_SIZE_1G, PAGING_READ_WRITE, PAGE_SIZE_1G),
        PAGING_OCCUPIED);
    CHECK_EQUAL(run, stub_tables_taken, taken);
    CHECK(run, memcmp(copy, stub_tables, sizeof stub_tables) == 0);
    CHECK_EQUAL(run, paging_map(&paging, 0x401000, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, 0x400000, physical(0), 0, PAGING_READ_WRITE), PAGING_OK);
}

static void unmapping_takes_pages_of_4_kib_only(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0), 0x4000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_unmap(&paging, 0x2000, 0x2000), PAGING_OK);
    CHECK(run, is_present(0x1000) && is_present(0x4000));
    CHECK(run, !is_present(0x2000) && !is_present(0x3000));

    memcpy(copy, stub_tables, sizeof stub_tables);
    CHECK_EQUAL(run, paging_unmap(&paging, 0x1000, 0x4000), PAGING_NOT_MAPPED);
    CHECK_EQUAL(run, paging_unmap(&paging, PAGE_SIZE_1G, 0x1000), PAGING_NOT_MAPPED);
    CHECK(run, memcmp(copy, stub_tables, sizeof stub_tables) == 0);

    CHECK_EQUAL(run,
                paging_map_large(&paging, PAGE_SIZE_2M, physical(0), PAGE_SIZE_2M,
                                 PAGING_READ_WRITE, PAGE_SIZE_2M),
                PAGING_OK);
    CHECK_EQUAL(run, paging_unmap(&paging, PAGE_SIZE_2M, 0x1000), PAGING_LARGE_PAGE);
    CHECK(run, is_present(PAGE_SIZE_2M));
    CHECK_EQUAL(run, paging_map(&paging, 0x2000, physical(0x8000), 0x2000, PAGING_READ_ONLY),
                PAGING_OK); // what was unmapped may be mapped again
    CHECK_EQUAL(run, paging_unmap(&paging, PAGE_SIZE_2M + 0x1000, PAGE_SIZE_2M), PAGING_LARGE_PAGE);
    CHECK_EQUAL(run, paging_unmap(&paging, PAGE_SIZE_2M, PAGE_SIZE_2M), PAGING_OK);
    CHECK(run, !is_present(PAGE_SIZE_2M));
}

static void large_pages_are_used_where_all_is_congruent(struct suite_run *run)
{
    const uintptr_t at = UPPER_START + PAGE_SIZE_1G - 0x2000;
    const uint64_t size = 0x2000 + PAGE_SIZE_1G + PAGE_SIZE_2M + 0x1000;

    start();
    CHECK_EQUAL(run,
                paging_map_large(&paging, at, physical(3 * PAGE_SIZE_1G - 0x2000), size,
                                 PAGING_READ_WRITE, PAGE_SIZE_1G),
                PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, at).page_size, PAGE_SIZE);
    CHECK_EQUAL(run, paging_lookup(&paging, at + 0x2000).page_size, PAGE_SIZE_1G);
    CHECK_EQUAL(run, paging_lookup(&paging, at + 0x2000 + PAGE_SIZE_1G).page_size, PAGE_SIZE_2M);
    CHECK_EQUAL(run, paging_lookup(&paging, at + size - 1).page_size, PAGE_SIZE);
    CHECK(run, !is_present(at + size));
    for (uint64_t i = 0; i < size; i += 0x12345)
        CHECK_EQUAL(run, paging_lookup(&paging, at + i).to.value, 3 * PAGE_SIZE_1G - 0x2000 + i);
    walk(); // page sizes do not matter
    CHECK_EQUAL(run, range_count, 1);
    CHECK_EQUAL(run, ranges[0].size, size);

    start(); // no larger than allowed
    CHECK_EQUAL(
        run,
        paging_map_large(&paging, 0, physical(0), PAGE_SIZE_1G, PAGING_READ_WRITE, PAGE_SIZE_2M),
        PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, 0).page_size, PAGE_SIZE_2M);
    start(); // congruent modulo 2 MiB only
    CHECK_EQUAL(run,
                paging_map_large(&paging, PAGE_SIZE_1G, physical(PAGE_SIZE_2M), PAGE_SIZE_1G,
                                 PAGING_READ_WRITE, PAGE_SIZE_1G),
                PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, PAGE_SIZE_1G).page_size, PAGE_SIZE_2M);
    start(); // not even that
    CHECK_EQUAL(run,
                paging_map_large(&paging, PAGE_SIZE_2M, physical(0x1000), PAGE_SIZE_2M,
                                 PAGING_READ_WRITE, PAGE_SIZE_1G),
                PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, PAGE_SIZE_2M).page_size, PAGE_SIZE);
}

static void a_walk_goes_up_and_merges_what_belongs_together(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run,
                paging_map(&paging, UINT64_MAX - 0x1fff, physical(0), 0x2000, PAGING_READ_EXECUTE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, 0, physical(0x2000), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0x3000), 0x1000, PAGING_READ_WRITE),
                PAGING_OK); // goes on from the one before
    CHECK_EQUAL(run, paging_map(&paging, 0x2000, physical(0x4000), 0x1000, PAGING_READ_ONLY),
                PAGING_OK); // with other rights
    CHECK_EQUAL(run, paging_map(&paging, 0x3000, physical(0x6000), 0x1000, PAGING_READ_ONLY),
                PAGING_OK); // to memory elsewhere
    CHECK_EQUAL(run, paging_map(&paging, 0x5000, physical(0x7000), 0x1000, PAGING_READ_ONLY),
                PAGING_OK); // behind a hole
    CHECK_EQUAL(
        run, paging_map(&paging, LOWER_END - 0x1000, physical(0x10000), 0x1000, PAGING_READ_WRITE),
        PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, UPPER_START, physical(0x11000), 0x1000, PAGING_READ_WRITE),
                PAGING_OK); // across the hole of addresses that are not canonical
    static const struct paging_range wanted[] = {
        {0, 0x2000, {0x2000}, true, false, false},
        {0x2000, 0x1000, {0x4000}, false, false, false},
        {0x3000, 0x1000, {0x6000}, false, false, false},
        {0x5000, 0x1000, {0x7000}, false, false, false},
        {LOWER_END - 0x1000, 0x1000, {0x10000}, true, false, false},
        {UPPER_START, 0x1000, {0x11000}, true, false, false},
        {UINT64_MAX - 0x1fff, 0x2000, {0}, false, true, false},
    };
    walk();
    CHECK_EQUAL(run, range_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < range_count; i++) {
        CHECK_EQUAL(run, ranges[i].start, wanted[i].start);
        CHECK_EQUAL(run, ranges[i].size, wanted[i].size);
        CHECK_EQUAL(run, ranges[i].to.value, wanted[i].to.value);
        CHECK(run, ranges[i].writable == wanted[i].writable);
        CHECK(run, ranges[i].executable == wanted[i].executable);
        CHECK(run, !ranges[i].user);
    }
}

// A large page behind small ones, in another table; and bits that the processor sets.
static void a_range_goes_on_across_tables_and_pages_that_were_touched(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run,
                paging_map_large(&paging, PAGE_SIZE_2M - 0x3000,
                                 physical(3 * PAGE_SIZE_2M - 0x3000), 0x3000 + 2 * PAGE_SIZE_2M,
                                 PAGING_READ_WRITE, PAGE_SIZE_2M),
                PAGING_OK);
    uint64_t *last = (uint64_t *)(uintptr_t)stub_tables[stub_tables_taken - 1];
    last[511] |= 0x60; // accessed, dirty
    walk();
    CHECK_EQUAL(run, range_count, 1);
    CHECK_EQUAL(run, ranges[0].size, 0x3000 + 2 * PAGE_SIZE_2M);
    last[511] &= ~UINT64_C(2); // no longer writable
    walk();
    CHECK_EQUAL(run, range_count, 3);
    CHECK_EQUAL(run, ranges[1].start, PAGE_SIZE_2M - 0x1000);
    CHECK_EQUAL(run, ranges[1].size, 0x1000);
}

// Tables that have become empty stay: they do not count as mapped, and are filled again.
static void a_range_is_mapped_over_tables_that_are_empty(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, PAGE_SIZE_2M, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_unmap(&paging, PAGE_SIZE_2M, 0x1000), PAGING_OK);
    CHECK_EQUAL(run,
                paging_map_large(&paging, 0, physical(0), 4 * PAGE_SIZE_2M, PAGING_READ_WRITE,
                                 PAGE_SIZE_2M),
                PAGING_OK);
    CHECK_EQUAL(run, paging_lookup(&paging, 0).page_size, PAGE_SIZE_2M);
    CHECK_EQUAL(run, paging_lookup(&paging, PAGE_SIZE_2M).page_size, PAGE_SIZE);
    CHECK_EQUAL(run, paging_lookup(&paging, 3 * PAGE_SIZE_2M).page_size, PAGE_SIZE_2M);
    walk();
    CHECK_EQUAL(run, range_count, 1);
    CHECK_EQUAL(run, ranges[0].size, 4 * PAGE_SIZE_2M);
}

static void without_a_table_the_pages_before_stay_mapped(struct suite_run *run)
{
    const uintptr_t at = 2 * PAGE_SIZE_2M - 0x1000; // the second page needs another table

    for (size_t allowed = 1; allowed < 5; allowed++) {
        start();
        stub_tables_allowed = allowed;
        CHECK_EQUAL(run, paging_map(&paging, at, physical(0), 0x2000, PAGING_READ_WRITE),
                    PAGING_NO_MEMORY);
        CHECK(run, is_present(at) == (allowed == 4));
        CHECK(run, !is_present(at + 0x1000));
    }
    start();
    stub_tables_allowed = 5;
    CHECK_EQUAL(run, paging_map(&paging, at, physical(0), 0x2000, PAGING_READ_WRITE), PAGING_OK);
}

static void the_number_of_tables_is_known_beforehand(struct suite_run *run)
{
    uint64_t random = 7;

    CHECK_EQUAL(run, paging_tables_needed(0x1234000, 0), 0);
    for (size_t i = 0; i < 60; i++) {
        uint64_t shift = 12 + suite_random(&random) % 35;
        uintptr_t at = UPPER_START + (suite_random(&random) % 64 << shift);
        at = at - suite_random(&random) % 3 * PAGE_SIZE; // also just below a border
        uint64_t size = (1 + suite_random(&random) % (i < 50 ? 600 : 5000)) * PAGE_SIZE;
        if (at < UPPER_START || size - 1 > UINT64_MAX - at)
            continue;
        start();
        CHECK_EQUAL(run, paging_map(&paging, at, physical(0), size, PAGING_READ_WRITE), PAGING_OK);
        CHECK_EQUAL(run, stub_tables_taken - 1, paging_tables_needed(at, size));
    }
}

static void dropping_the_lower_half_leaves_the_upper(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0), 0x1000, PAGING_READ_EXECUTE),
                PAGING_OK);
    CHECK_EQUAL(run,
                paging_map(&paging, LOWER_END - PAGE_SIZE, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, paging_map(&paging, UPPER_START, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run,
                paging_map(&paging, UINT64_MAX - 0xfff, physical(0), 0x1000, PAGING_READ_EXECUTE),
                PAGING_OK);
    paging_drop_lower_half(&paging);
    walk();
    CHECK_EQUAL(run, range_count, 2);
    CHECK_EQUAL(run, ranges[0].start, UPPER_START);
    CHECK_EQUAL(run, ranges[1].start, UINT64_MAX - 0xfff);
}

static void dropping_a_slot_leaves_its_neighbours(struct suite_run *run)
{
    const uint64_t slot = UINT64_C(1) << 39;

    start();
    for (size_t i = 0; i < 3; i++)
        CHECK_EQUAL(
            run,
            paging_map(&paging, UPPER_START + i * slot, physical(0), 0x1000, PAGING_READ_WRITE),
            PAGING_OK);
    paging_drop_slot(&paging, UPPER_START + 2 * slot - 1);
    CHECK(run, is_present(UPPER_START) && is_present(UPPER_START + 2 * slot));
    CHECK(run, !is_present(UPPER_START + slot));
}

// Registers are neither cached nor executed: PCD and PWT are set in the page's own entry.
static void devices_are_not_cached(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run, paging_map(&paging, 0x1000, physical(0xfee00000), 0x1000, PAGING_DEVICE),
                PAGING_OK);
    struct paging_lookup found = paging_lookup(&paging, 0x1000);
    CHECK(run, found.present && found.writable && !found.executable);
    const uint64_t *last_table = (const uint64_t *)(uintptr_t)stub_tables[stub_tables_taken - 1];
    CHECK_EQUAL(run, last_table[1] & 0x98, 0x18);
    CHECK_EQUAL(run, paging_map(&paging, 0x2000, physical(0), 0x1000, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK_EQUAL(run, last_table[2] & 0x98, 0);
}

// The entry of the page attribute table that PWT alone chooses, in small pages and in large ones.
static void framebuffers_choose_write_combining(struct suite_run *run)
{
    const uintptr_t large = PAGE_SIZE_2M;

    start();
    CHECK_EQUAL(run,
                paging_map(&paging, 0x1000, physical(0xe0000000), 0x1000, PAGING_WRITE_COMBINING),
                PAGING_OK);
    struct paging_lookup found = paging_lookup(&paging, 0x1000);
    CHECK(run, found.present && found.writable && !found.executable);
    CHECK_EQUAL(run, ((const uint64_t *)(uintptr_t)stub_tables[stub_tables_taken - 1])[1] & 0x98,
                0x08);
    CHECK_EQUAL(run,
                paging_map_large(&paging, large, physical(0xe0000000), PAGE_SIZE_2M,
                                 PAGING_WRITE_COMBINING, PAGE_SIZE_2M),
                PAGING_OK);
    CHECK_EQUAL(run, ((const uint64_t *)(uintptr_t)stub_tables[stub_tables_taken - 2])[1] & 0x1018,
                0x08);
    CHECK_EQUAL(run, PAT_VALUE >> 8 * PAT_WRITE_COMBINING & 0xff, 1); // SDM 3A table 11-10
    CHECK_EQUAL(run, PAT_VALUE >> 8 * PAT_WRITE_BACK & 0xff, 6);
    CHECK_EQUAL(run, PAT_VALUE >> 8 * PAT_UNCACHED & 0xff, 0);
}

// ── Any order of mapping and unmapping ──────────────────────────────────────────────────────────

// Three stretches of pages, across borders of tables of every level.
#define STRETCH 32
static const uintptr_t stretches[] = {
    PAGE_SIZE_1G - STRETCH / 2 * PAGE_SIZE,
    UPPER_START + (UINT64_C(1) << 39) - STRETCH / 2 * PAGE_SIZE,
    UINT64_MAX - STRETCH *PAGE_SIZE + 1,
};
#define STRETCHES (sizeof stretches / sizeof stretches[0])

struct page {
    bool present, writable, executable;
    uint64_t to;
};
static struct page model[STRETCHES][STRETCH];

static bool all_are(const struct page *pages, size_t count, bool present)
{
    for (size_t i = 0; i < count; i++)
        if (pages[i].present != present)
            return false;
    return true;
}

static void check_model(struct suite_run *run)
{
    uint64_t mapped = 0;

    for (size_t i = 0; i < STRETCHES; i++) {
        for (size_t j = 0; j < STRETCH; j++) {
            struct paging_lookup found = paging_lookup(&paging, stretches[i] + j * PAGE_SIZE + 5);
            CHECK(run, found.present == model[i][j].present);
            mapped += found.present ? PAGE_SIZE : 0;
            if (!found.present)
                continue;
            CHECK_EQUAL(run, found.to.value, model[i][j].to + 5);
            CHECK(run, found.writable == model[i][j].writable);
            CHECK(run, found.executable == model[i][j].executable);
        }
    }
    walk();
    for (size_t i = 0; i < range_count && i < MOST_RANGES; i++)
        mapped -= ranges[i].size;
    CHECK(run, range_count > MOST_RANGES || mapped == 0);
}

static void any_order_of_mapping_matches_the_model(struct suite_run *run)
{
    uint64_t random = 8;

    start();
    memset(model, 0, sizeof model);
    for (size_t i = 0; i < 300 && !run->failed; i++) {
        size_t which = suite_random(&random) % STRETCHES;
        size_t first = suite_random(&random) % STRETCH;
        size_t count = 1 + suite_random(&random) % 6;
        count = count < STRETCH - first ? count : STRETCH - first;
        struct page *pages = &model[which][first];
        uintptr_t at = stretches[which] + first * PAGE_SIZE;
        enum paging_access access = (enum paging_access)(suite_random(&random) % 3);
        uint64_t to = suite_random(&random) % 1024 * PAGE_SIZE;
        if (suite_random(&random) % 2 == 0) {
            bool fits = all_are(pages, count, false);
            CHECK_EQUAL(run, paging_map(&paging, at, physical(to), count * PAGE_SIZE, access),
                        fits ? PAGING_OK : PAGING_OCCUPIED);
            for (size_t j = 0; fits && j < count; j++)
                pages[j] = (struct page){true, access == PAGING_READ_WRITE,
                                         access == PAGING_READ_EXECUTE, to + j * PAGE_SIZE};
        } else {
            bool mapped = all_are(pages, count, true);
            CHECK_EQUAL(run, paging_unmap(&paging, at, count * PAGE_SIZE),
                        mapped ? PAGING_OK : PAGING_NOT_MAPPED);
            if (mapped)
                memset(pages, 0, count * sizeof *pages);
        }
        check_model(run);
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(what_is_mapped_is_found_byte_by_byte),
    SUITE_CASE(rights_are_those_asked_for),
    SUITE_CASE(ranges_that_cannot_be_are_rejected),
    SUITE_CASE(nothing_is_mapped_over_and_nothing_changes_then),
    SUITE_CASE(unmapping_takes_pages_of_4_kib_only),
    SUITE_CASE(large_pages_are_used_where_all_is_congruent),
    SUITE_CASE(a_walk_goes_up_and_merges_what_belongs_together),
    SUITE_CASE(a_range_goes_on_across_tables_and_pages_that_were_touched),
    SUITE_CASE(a_range_is_mapped_over_tables_that_are_empty),
    SUITE_CASE(without_a_table_the_pages_before_stay_mapped),
    SUITE_CASE(the_number_of_tables_is_known_beforehand),
    SUITE_CASE(dropping_the_lower_half_leaves_the_upper),
    SUITE_CASE(dropping_a_slot_leaves_its_neighbours),
    SUITE_CASE(devices_are_not_cached),
    SUITE_CASE(framebuffers_choose_write_combining),
    SUITE_CASE(any_order_of_mapping_matches_the_model),
};
const struct suite paging_suite = SUITE("paging", cases);
