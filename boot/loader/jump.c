// SPDX-License-Identifier: MIT
// The mapping of jump.h.
#include "boot/loader/jump.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"
#include "boot/loader/late_console.h"

struct table_source {
    uint64_t next; // physical, mapped at the same address
    uint64_t left;
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

// Maps whole pages at their own addresses.
static enum paging_status map_itself(struct paging *paging, uint64_t start, uint64_t end,
                                     enum paging_access access)
{
    if (end <= start)
        return PAGING_OK;
    return paging_map(paging, start, physical(start), end - start, access);
}

static enum paging_status map_loader(struct paging *paging, struct range code, struct range data)
{
    enum paging_status status = map_itself(paging, code.start, code.end, PAGING_READ_EXECUTE);

    return status == PAGING_OK ? map_itself(paging, data.start, data.end, PAGING_READ_WRITE)
                               : status;
}

// False iff it cannot be mapped.
static bool map_screen(struct paging *paging, struct range pages)
{
    return range_size(pages) == 0 ||
           paging_map_large(paging, pages.start, physical(pages.start), range_size(pages),
                            PAGING_DEVICE, PAGE_SIZE_2M) == PAGING_OK;
}

static uint64_t tables_for(struct range pages)
{
    return range_size(pages) == 0 ? 0 : paging_tables_needed(pages.start, range_size(pages));
}

// The pages of the late console's part of the framebuffer; none if they would wrap.
static struct range find_screen(struct loader *loader)
{
    struct handoff_framebuffer *screen = &loader->handoff->framebuffer;
    struct range pages = {0, 0};

    if (handoff_is_memory(&loader->paging, screen->physical, screen->size)) {
        writer_print(&loader->firmware.console,
                     "loader: screen: the framebuffer at 0x%llx, %llu bytes, is left out: the "
                     "memory map has memory there\n",
                     (unsigned long long)screen->physical, (unsigned long long)screen->size);
        *screen = (struct handoff_framebuffer){0};
    }
    loader->late_screen = late_console_part(screen);
    if (!range_of_pages(&pages, loader->late_screen.physical, loader->late_screen.size))
        loader->late_screen.size = 0;
    return pages;
}

// The pages of the named port's registers; none if they are at I/O ports, or in what is memory.
static struct range find_registers(struct loader *loader)
{
    struct serial_port *port = &loader->named_port;
    struct range pages = {0, 0};

    if (port->driver && !port->is_at_ports &&
        (handoff_is_memory(&loader->paging, port->address, SERIAL_REGISTERS_SIZE) ||
         !range_of_pages(&pages, port->address, SERIAL_REGISTERS_SIZE)))
        port->driver = NULL;
    return pages;
}

enum loader_result jump_map(struct loader *loader)
{
    struct range code = {page_round_down(loader->code.start, PAGE_SIZE),
                         page_round_up(loader->code.end, PAGE_SIZE)};
    struct range data = {code.end, page_round_up(loader->data.end, PAGE_SIZE)};
    struct range screen = find_screen(loader);
    struct range registers = find_registers(loader);
    uint64_t tables = tables_for((struct range){code.start, data.end}) + tables_for(screen) +
                      tables_for(registers);
    EFI_STATUS allocated =
        firmware_allocate(&loader->firmware, tables * PAGE_SIZE, PAGE_SIZE, &loader->jump_tables);
    if (EFI_ERROR(allocated))
        return loader_stop(loader, allocated, "no memory for the page tables of the jump, %llu KiB",
                           (unsigned long long)(tables * PAGE_SIZE / 1024));
    struct table_source source = {loader->jump_tables.start, tables};
    struct paging paging = {
        .root = loader->paging.root, .new_table = new_table, .context = &source};
    enum paging_status status = map_loader(&paging, code, data);
    if (status != PAGING_OK)
        return loader_stop(loader, EFI_LOAD_ERROR, "the jump to the kernel cannot be mapped: %s",
                           paging_status_name(status));
    if (!map_screen(&paging, screen))
        loader->late_screen.size = 0; // the serial line is left
    if (map_itself(&paging, registers.start, registers.end, PAGING_DEVICE) != PAGING_OK)
        loader->named_port.driver = NULL; // the screen is left
    return LOADER_DONE;
}
