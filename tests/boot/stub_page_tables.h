// SPDX-License-Identifier: MIT
// stub_page_tables: page tables that no processor runs on. They lie in an array, at physical
// addresses from STUB_FIRST_TABLE on, to which the direct map of their paging leads back.
#ifndef TESTS_BOOT_STUB_PAGE_TABLES_H
#define TESTS_BOOT_STUB_PAGE_TABLES_H

#include "arch/x86_64/paging.h"

#define STUB_TABLES 48
#define STUB_FIRST_TABLE UINT64_C(0x7000000)

extern unsigned char stub_tables[STUB_TABLES][PAGE_SIZE];
extern size_t stub_tables_taken, stub_tables_allowed; // a test may lower what is allowed

// Empty tables: the root only, and all others to be had.
struct paging stub_page_tables(void);

#endif
