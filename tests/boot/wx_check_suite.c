// SPDX-License-Identifier: MIT
// What boot/kernel/wx_check.h promises, on page tables that no processor runs on.
#include "boot/kernel/wx_check.h"
#include "tests/boot/stub_page_tables.h"
#include "tests/boot/suites.h"

#define TEXT UINT64_C(0xffffffff80000000)
#define DIRECT_MAP UINT64_C(0xffff800000000000)
#define FRAMES UINT64_C(0x2000000) // physical address of the kernel's text

static struct paging paging;
static char said[256];
static struct writer_buffer buffer;

static void start(void)
{
    paging = stub_page_tables();
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

static const struct suite_case cases[] = {
    SUITE_CASE(text_that_is_read_only_elsewhere_is_clean),
    SUITE_CASE(text_that_is_writable_elsewhere_is_named),
    SUITE_CASE(one_page_of_an_overlap_is_enough),
    SUITE_CASE(empty_tables_are_clean),
};
const struct suite wx_check_suite = SUITE("wx_check", cases);
