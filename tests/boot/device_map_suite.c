// SPDX-License-Identifier: MIT
// What boot/kernel/device_map.h promises, on page tables that no processor runs on.
#include "boot/kernel/device_map.h"
#include "tests/boot/stub_page_tables.h"
#include "tests/boot/suites.h"

static struct paging paging;
static struct device_map devices;

static void start(void)
{
    paging = stub_page_tables();
    devices = (struct device_map){.paging = &paging};
}

// The address that device registers have got; 0 if they have got none.
static uintptr_t add(uint64_t registers, uint64_t size)
{
    volatile void *mapped = NULL;

    return device_map_add(&devices, physical(registers), size, &mapped) == PAGING_OK
               ? (uintptr_t)mapped
               : 0;
}

static uintptr_t add_read_only(uint64_t start_address, uint64_t size)
{
    const void *mapped = NULL;

    return device_map_read_only(&devices, physical(start_address), size, &mapped) == PAGING_OK
               ? (uintptr_t)mapped
               : 0;
}

static bool leads_to(uintptr_t at, uint64_t target, bool writable)
{
    struct paging_lookup found = paging_lookup(&paging, at);

    return found.present && found.to.value == target && found.writable == writable &&
           !found.executable;
}

static void a_device_is_mapped_with_its_offset_in_the_page(struct suite_run *run)
{
    start();
    uintptr_t at = add(0xfed00ff0, 0x20);
    CHECK(run, at >= DEVICE_MAP_START);
    for (uintptr_t i = 0; i < 0x20; i++) // over two pages
        CHECK(run, leads_to(at + i, 0xfed00ff0 + i, true));
}

// A framebuffer of 2 MiB, as bits PWT and PCD of its entry say.
static uint64_t cache_bits_of_framebuffer(bool combines)
{
    void *mapped = NULL;

    start();
    devices.combines = combines;
    if (device_map_framebuffer(&devices, physical(0xe0000000), PAGE_SIZE_2M, &mapped) != PAGING_OK)
        return 0;
    const uint64_t *directory = (const uint64_t *)(uintptr_t)stub_tables[stub_tables_taken - 1];
    return directory[(uintptr_t)mapped >> 21 & 0x1ff] & 0x18;
}

static void a_framebuffer_is_write_combining_where_that_is_there(struct suite_run *run)
{
    CHECK_EQUAL(run, cache_bits_of_framebuffer(true), 0x08);
    CHECK_EQUAL(run, cache_bits_of_framebuffer(false), 0x18);
}

static void small_devices_share_a_page_table(struct suite_run *run)
{
    start();
    uintptr_t first = add(0xfed00000, 0x10);
    size_t tables_of_one = stub_tables_taken;
    for (uint64_t i = 1; i < 512; i++)
        CHECK_EQUAL(run, add(0xfed00000 + (i << 13), 0x10), first + i * PAGE_SIZE);
    CHECK_EQUAL(run, stub_tables_taken, tables_of_one);
    CHECK_EQUAL(run, devices.used, PAGE_SIZE_2M);
}

static void devices_are_apart_and_a_large_one_has_large_pages(struct suite_run *run)
{
    start();
    uintptr_t small = add(0xfee00000, PAGE_SIZE);
    uintptr_t large = add(0xc0002000, 2 * PAGE_SIZE_2M);
    CHECK(run, large >= small + PAGE_SIZE);
    CHECK_EQUAL(run, large % PAGE_SIZE_2M, 0x2000);
    CHECK_EQUAL(run, paging_lookup(&paging, large).page_size, PAGE_SIZE);
    CHECK_EQUAL(run, paging_lookup(&paging, large + PAGE_SIZE_2M).page_size, PAGE_SIZE_2M);
    CHECK(run, leads_to(small, 0xfee00000, true));
    CHECK(run, leads_to(large + 2 * PAGE_SIZE_2M - 1, 0xc0002000 + 2 * PAGE_SIZE_2M - 1, true));
    CHECK(run, add(0xfed00000, PAGE_SIZE) == small + PAGE_SIZE); // before the large one
}

static void what_was_removed_makes_room(struct suite_run *run)
{
    start();
    uintptr_t a = add(0xfed00000, 0x10);
    uintptr_t b = add(0xfed10000, 0x10);
    uintptr_t large = add(0xc0000000, PAGE_SIZE_2M + 0x10);
    device_map_remove(&devices, (volatile void *)a, 0x10);
    device_map_remove(&devices, (volatile void *)large, PAGE_SIZE_2M + 0x10);
    CHECK(run, !paging_lookup(&paging, a).present && !paging_lookup(&paging, large).present);
    CHECK(run, !paging_lookup(&paging, large + PAGE_SIZE_2M).present);
    CHECK(run, leads_to(b, 0xfed10000, true));
    size_t before = stub_tables_taken;
    CHECK_EQUAL(run, add(0xfed20000, 0x2000), b + PAGE_SIZE); // too large for a's place
    CHECK_EQUAL(run, add(0xfed30008, 0x10), a + 8);
    CHECK_EQUAL(run, add(0xe0000000, PAGE_SIZE_2M + 0x10), large);
    CHECK_EQUAL(run, stub_tables_taken, before);
}

static void tables_are_read_only_and_mapped_once(struct suite_run *run)
{
    start();
    uintptr_t device = add(0x7ff00000, PAGE_SIZE);
    uintptr_t header = add_read_only(0x7ff00010, 36);
    CHECK(run, leads_to(header, 0x7ff00010, false));
    CHECK(run, header >= device + PAGE_SIZE);
    CHECK_EQUAL(run, add_read_only(0x7ff00010, 0x200), header);
    CHECK_EQUAL(run, add_read_only(0x7ff00ffc, 4), header + 0xfec);
    uintptr_t whole = add_read_only(0x7ff00010, 0x2000);
    CHECK(run, leads_to(whole, 0x7ff00010, false) && leads_to(whole + 0x1fff, 0x7ff0200f, false));
    CHECK_EQUAL(run, add_read_only(0x7ff01000, 0x1000), whole + 0xff0);
}

static void what_the_processor_does_not_have_is_not_mapped(struct suite_run *run)
{
    uint64_t end = paging_physical_end();

    start();
    CHECK(run, end >= UINT64_C(1) << 32 && end <= UINT64_C(1) << 52);
    CHECK(run, add(end - PAGE_SIZE, PAGE_SIZE) != 0);
    CHECK(run, add(end - PAGE_SIZE, PAGE_SIZE + 1) == 0 && add(end, 1) == 0);
    CHECK(run, add(UINT64_MAX, 1) == 0 && add(UINT64_MAX - 7, 16) == 0 && add(16, UINT64_MAX) == 0);
    CHECK(run, add(PAGE_SIZE, 0) == 0 && add_read_only(end, 36) == 0);
    CHECK(run, add_read_only(0, end - 1) == 0); // more than there are addresses for
}

static void memory_is_no_device(struct suite_run *run)
{
    start();
    CHECK_EQUAL(run,
                paging_map(&paging, HANDOFF_DIRECT_MAP + 0x200000, physical(0x200000),
                           2 * PAGE_SIZE, PAGING_READ_WRITE),
                PAGING_OK);
    CHECK(run, add(0x1ff000, PAGE_SIZE) != 0 && add(0x202000, PAGE_SIZE) != 0);
    CHECK(run, add(0x1ff000, PAGE_SIZE + 1) == 0 && add(0x201ff0, 0x20) == 0);
    CHECK(run, add(0x100000, 0x300000) == 0);
    CHECK(run, add_read_only(0x200000, 36) != 0);
}

static void without_a_table_nothing_stays_mapped(struct suite_run *run)
{
    start();
    stub_tables_allowed = stub_tables_taken;
    CHECK(run, add(0xfee00000, PAGE_SIZE) == 0);
    CHECK_EQUAL(run, devices.used, 0);
    start();
    stub_tables_allowed = 3;
    CHECK(run, add(0xc0000000, PAGE_SIZE_2M) != 0); // a large page needs no more
    CHECK(run, add(0xd0000000, PAGE_SIZE_2M + PAGE_SIZE) == 0);
    CHECK(run, !paging_lookup(&paging, DEVICE_MAP_START + PAGE_SIZE_2M).present);
    CHECK_EQUAL(run, devices.used, PAGE_SIZE_2M);
}

static void a_cleared_map_begins_anew(struct suite_run *run)
{
    start();
    uintptr_t before = add(0xfee00000, PAGE_SIZE);
    device_map_clear(&devices);
    CHECK(run, !paging_lookup(&paging, before).present);
    CHECK_EQUAL(run, add(0xfee00000, PAGE_SIZE), before);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_device_is_mapped_with_its_offset_in_the_page),
    SUITE_CASE(a_framebuffer_is_write_combining_where_that_is_there),
    SUITE_CASE(small_devices_share_a_page_table),
    SUITE_CASE(devices_are_apart_and_a_large_one_has_large_pages),
    SUITE_CASE(what_was_removed_makes_room),
    SUITE_CASE(tables_are_read_only_and_mapped_once),
    SUITE_CASE(what_the_processor_does_not_have_is_not_mapped),
    SUITE_CASE(memory_is_no_device),
    SUITE_CASE(without_a_table_nothing_stays_mapped),
    SUITE_CASE(a_cleared_map_begins_anew),
};
const struct suite device_map_suite = SUITE("device_map", cases);
