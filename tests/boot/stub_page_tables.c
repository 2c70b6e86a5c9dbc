// SPDX-License-Identifier: MIT
// The tables behind stub_page_tables.h.
#include "tests/boot/stub_page_tables.h"

#include "arch/x86_64/string.h"

_Alignas(PAGE_SIZE) unsigned char stub_tables[STUB_TABLES][PAGE_SIZE];
size_t stub_tables_taken, stub_tables_allowed;

static bool take_table(void *context, physical_t *table)
{
    (void)context;
    if (stub_tables_taken == stub_tables_allowed)
        return false;
    memset(stub_tables[stub_tables_taken], 0, PAGE_SIZE);
    *table = physical(STUB_FIRST_TABLE + stub_tables_taken++ * PAGE_SIZE);
    return true;
}

struct paging stub_page_tables(void)
{
    struct paging paging = {
        .direct_map = (uintptr_t)stub_tables - (uintptr_t)STUB_FIRST_TABLE,
        .new_table = take_table,
    };

    stub_tables_taken = 0;
    stub_tables_allowed = STUB_TABLES;
    (void)take_table(NULL, &paging.root);
    return paging;
}
