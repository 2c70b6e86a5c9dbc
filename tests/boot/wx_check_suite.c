// SPDX-License-Identifier: MIT
// What boot/kernel/wx_check.h and device_map.h promise, on page tables that no processor runs on.
#include "arch/x86_64/string.h"
#include "boot/kernel/device_map.h"
#include "boot/kernel/wx_check.h"
#include "tests/boot/suites.h"

#define TABLES 16
#define FIRST_TABLE UINT64_C(0x7000000) // physical address
#define TEXT UINT64_C(0xffffffff80000000)
#define DIRECT_MAP UINT64_C(0xffff800000000000)
#define FRAMES UINT64_C(0x2000000) // physical address of the kernel's text

static _Alignas(4096) unsigned char tables[TABLES][PAGE_SIZE];
static size_t taken, allowed;
static struct paging paging;
static struct device_map devices;
static char said[256];
static struct writer_buffer buffer;

static bool take_table(void *context, physical_t *table)
{
    (void)context;
    if (taken == allowed)
        return false;
    memset(tables[taken], 0, PAGE_SIZE);
    *table = physical(FIRST_TABLE + taken++ * PAGE_SIZE);
    return true;
}

static void start(void)
{
    taken = 0;
    allowed = TABLES;
    paging = (struct paging){
        .direct_map = (uintptr_t)tables - (uintptr_t)FIRST_TABLE,
        .new_table = take_table,
    };
    (void)take_table(NULL, &paging.root);
    devices = (struct device_map){.paging = &paging};
}

static bool is_clean(void)
{
    const struct writer writer = writer_to_buffer(&buffer, said, sizeof said);

    return wx_check(&paging, &writer);
}

// The kernel's text of two pages, and a direct map of the pages around it.
static void map_kernel(enum paging_access of_text_in_direct_map)
{
    start();
    (void)paging_map(&paging, TEXT, physical(FRAMES), 2 * PAGE_SIZE, PAGING_READ_EXECUTE);
    (void)paging_map(&paging, DIRECT_MAP + FRAMES - PAGE_SIZE, physical(FRAMES - PAGE_SIZE),
                     PAGE_SIZE, PAGING_READ_WRITE);
    (void)paging_map(&paging, DIRECT_MAP + FRAMES, physical(FRAMES), 2 * PAGE_SIZE,
                     of_text_in_direct_map);
    (void)paging_map(&paging, DIRECT_MAP + FRAMES + 2 * PAGE_SIZE, physical(FRAMES + 2 * PAGE_SIZE),
                     PAGE_SIZE, PAGING_READ_WRITE);
}

static void text_that_is_read_only_elsewhere_is_clean(struct suite_run *run)
{
    map_kernel(PAGING_READ_ONLY);
    CHECK(run, is_clean());
    CHECK_TEXT(run, said,
               "kernel: address space: 4 ranges, no frame both writable and executable\n");
}

static void text_that_is_writable_elsewhere_is_named(struct suite_run *run)
{
    map_kernel(PAGING_READ_WRITE);
    CHECK(run, !is_clean());
    CHECK_TEXT(run, said,
               "kernel: frames executable at 0xffffffff80000000 are writable at "
               "0xffff800001fff000, 0x4000 bytes\n");
}

static void one_page_of_an_overlap_is_enough(struct suite_run *run)
{
    map_kernel(PAGING_READ_ONLY);
    CHECK_EQUAL(
        run,
        paging_map(&paging, DIRECT_MAP, physical(FRAMES + PAGE_SIZE), PAGE_SIZE, PAGING_READ_WRITE),
        PAGING_OK);
    CHECK(run, !is_clean());
}

static void empty_tables_are_clean(struct suite_run *run)
{
    start();
    CHECK(run, is_clean());
}

static void a_device_is_mapped_with_its_offset_in_the_page(struct suite_run *run)
{
    volatile void *mapped = NULL;

    start();
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xfed00ff0), 0x20, &mapped), PAGING_OK);
    uintptr_t at = (uintptr_t)mapped;
    CHECK(run, at >= DEVICE_MAP_START);
    CHECK_EQUAL(run, at % PAGE_SIZE_2M, 0xfed00ff0 % PAGE_SIZE_2M);
    for (uintptr_t i = 0; i < 0x20; i++) { // over two pages
        struct paging_lookup found = paging_lookup(&paging, at + i);
        CHECK(run, found.present && found.writable && !found.executable);
        CHECK_EQUAL(run, found.to.value, 0xfed00ff0 + i);
    }
}

static void devices_are_apart_and_a_large_one_has_large_pages(struct suite_run *run)
{
    volatile void *small = NULL;
    volatile void *large = NULL;

    start();
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xfee00000), PAGE_SIZE, &small), PAGING_OK);
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xc0000000), 2 * PAGE_SIZE_2M, &large),
                PAGING_OK);
    CHECK(run, (uintptr_t)large >= (uintptr_t)small + PAGE_SIZE);
    CHECK_EQUAL(run, paging_lookup(&paging, (uintptr_t)large).page_size, PAGE_SIZE_2M);
    CHECK_EQUAL(run, paging_lookup(&paging, (uintptr_t)small).to.value, 0xfee00000);
}

static void without_a_table_a_device_is_not_mapped(struct suite_run *run)
{
    volatile void *mapped = NULL;

    start();
    allowed = taken;
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xfee00000), PAGE_SIZE, &mapped),
                PAGING_NO_MEMORY);
    CHECK(run, !mapped);
    CHECK_EQUAL(run, devices.used, 0);
}

static void a_cleared_map_begins_anew(struct suite_run *run)
{
    volatile void *before = NULL;
    volatile void *after = NULL;

    start();
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xfee00000), PAGE_SIZE, &before), PAGING_OK);
    device_map_clear(&devices);
    CHECK(run, !paging_lookup(&paging, (uintptr_t)before).present);
    CHECK_EQUAL(run, device_map_add(&devices, physical(0xfee00000), PAGE_SIZE, &after), PAGING_OK);
    CHECK_ADDRESS(run, (const void *)(uintptr_t)after, (const void *)(uintptr_t)before);
}

static const struct suite_case cases[] = {
    SUITE_CASE(text_that_is_read_only_elsewhere_is_clean),
    SUITE_CASE(text_that_is_writable_elsewhere_is_named),
    SUITE_CASE(one_page_of_an_overlap_is_enough),
    SUITE_CASE(empty_tables_are_clean),
    SUITE_CASE(a_device_is_mapped_with_its_offset_in_the_page),
    SUITE_CASE(devices_are_apart_and_a_large_one_has_large_pages),
    SUITE_CASE(without_a_table_a_device_is_not_mapped),
    SUITE_CASE(a_cleared_map_begins_anew),
};
const struct suite wx_check_suite = SUITE("wx_check", cases);
