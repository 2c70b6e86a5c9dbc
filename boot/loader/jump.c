// SPDX-License-Identifier: MIT
// The mapping of jump.h.
#include "boot/loader/jump.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"

// One page takes a table at each of the three levels below the root.
#define TABLES 3

struct table_source {
    uint64_t next; // physical, mapped at the same address
    size_t left;
};

static bool new_table(void *context, physical_t *table)
{
    struct table_source *source = context;

    if (source->left == 0)
        return false;
    memset((void *)(uintptr_t)source->next, 0, PAGE_SIZE);
    *table = physical(source->next);
    source->next += PAGE_SIZE;
    source->left--;
    return true;
}

enum loader_result jump_map(struct loader *loader)
{
    EFI_STATUS allocated =
        firmware_allocate(&loader->firmware, TABLES * PAGE_SIZE, PAGE_SIZE, &loader->jump_tables);

    if (EFI_ERROR(allocated))
        return loader_stop(loader, allocated, "no memory for the page tables of the jump");
    struct table_source source = {loader->jump_tables.start, TABLES};
    struct paging paging = {
        .root = loader->paging.root, .new_table = new_table, .context = &source};
    uint64_t page = page_round_down((uintptr_t)&enter_kernel, PAGE_SIZE);
    enum paging_status status =
        paging_map(&paging, page, physical(page), PAGE_SIZE, PAGING_READ_EXECUTE);
    if (status == PAGING_OK)
        return LOADER_DONE;
    return loader_stop(loader, EFI_LOAD_ERROR, "the jump to the kernel cannot be mapped: %s",
                       paging_status_name(status));
}
