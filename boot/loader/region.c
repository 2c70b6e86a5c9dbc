// SPDX-License-Identifier: MIT
// The region at work: the early heap opened over it, and everything in it that the kernel will
// find, its page tables included.
#include "boot/loader/loader.h"
#include "boot/loader/space.h"

// ── The early heap ──────────────────────────────────────────────────────────────────────────────

bool loader_open_heap(struct loader *loader)
{
    uint64_t region = loader->image.start + loader->elf.region_start - loader->elf.start;
    const struct early_heap_memory memory = {
        .buffer = (void *)(uintptr_t)region,
        .physical = physical(region),
        .size = loader->region_size,
        .is_substitute = loader->region_size != loader->elf.region_end - loader->elf.region_start,
    };
    const struct early_heap_output output = {&loader->firmware.console, "loader: "};
    enum fba_status status = early_heap_open(&loader->heap, &memory, output);

    if (status == FBA_OK)
        return true;
    return loader_stop(loader, EFI_LOAD_ERROR, "the early heap cannot be opened at 0x%llx: %s",
                       (unsigned long long)region, fba_status_name(status));
}

// ── Boot info ───────────────────────────────────────────────────────────────────────────────────

static bool leave_command_line(struct loader *loader)
{
    uint64_t size = loader->command_line_size;

    if (size == 0)
        return true;
    loader->heap.ledger.tag = "command line";
    char *text = allocator_alloc(&loader->heap.allocator, size + 1, 1);
    if (!text)
        return false;
    __builtin_memcpy(text, loader->command_line, size);
    text[size] = '\0';
    loader->handoff->command_line =
        (struct handoff_span){early_heap_offset(&loader->heap, text), size};
    return true;
}

static bool leave_modules(struct loader *loader)
{
    size_t count = loader->options.module_count;

    if (count == 0)
        return true;
    loader->heap.ledger.tag = "modules";
    struct handoff_module *modules =
        allocator_new_array(&loader->heap.allocator, struct handoff_module, count);
    if (!modules)
        return false;
    for (size_t i = 0; i < count; i++) {
        __builtin_memcpy(modules[i].name, loader->options.modules[i], sizeof modules[i].name);
        modules[i].physical = loader->modules[i].pages.start;
        modules[i].size = loader->modules[i].size;
    }
    loader->handoff->modules =
        (struct handoff_span){early_heap_offset(&loader->heap, modules), count * sizeof *modules};
    return true;
}

bool loader_leave_boot_info(struct loader *loader)
{
    loader->heap.ledger.tag = "boot info";
    loader->handoff = allocator_new(&loader->heap.allocator, struct handoff);
    if (!loader->handoff)
        return false;
    *loader->handoff = (struct handoff){0};
    return leave_command_line(loader) && leave_modules(loader);
}

bool loader_make_room_for_map(struct loader *loader)
{
    uint64_t size, stride;
    EFI_STATUS status = firmware_map_size(&loader->firmware, &size, &stride);

    if (EFI_ERROR(status))
        return loader_stop(loader, status, "the firmware does not say how large its memory map is");
    loader->heap.ledger.tag = "memory map";
    size += LOADER_MAP_SLACK * stride;
    loader->map_capacity = (size + PAGING_4K - 1) & ~(PAGING_4K - 1);
    loader->map_buffer =
        allocator_alloc(&loader->heap.allocator, loader->map_capacity, sizeof(uint64_t));
    return loader->map_buffer != NULL;
}

// ── The address space ───────────────────────────────────────────────────────────────────────────

bool loader_map_kernel(struct loader *loader)
{
    struct memory_map map;
    UINT32 version;
    UINTN key;
    physical_t image = physical(loader->image.start);

    EFI_STATUS read = firmware_read_map(&loader->firmware, loader->map_buffer, loader->map_capacity,
                                        &map, &version, &key);
    if (EFI_ERROR(read))
        return loader_stop(loader, read, "the firmware's memory map cannot be read");
    memory_map_sort(&map);

    loader->heap.ledger.tag = "page tables";
    loader->paging = (struct paging){.new_table = early_heap_new_table, .context = &loader->heap};
    if (!early_heap_new_table(&loader->heap, &loader->paging.root))
        return false;
    enum paging_status status = space_map_image(&loader->paging, &loader->elf, image,
                                                loader->elf.region_start + loader->region_size);
    if (status == PAGING_OK)
        status = space_map_window(&loader->paging, &loader->elf, image, &map);
    if (status == PAGING_OK || loader->heap.failed)
        return status == PAGING_OK;
    return loader_stop(loader, EFI_LOAD_ERROR, "the kernel's address space cannot be built: %s",
                       paging_status_name(status));
}

// Tables of the jump, which the kernel drops at once: three levels below the root.
#define JUMP_TABLES 3

static bool table_for_jump(void *context, physical_t *table)
{
    struct loader *loader = context;

    if (loader->jump_tables.pages == 0)
        return false;
    *table = physical(loader->jump_tables.start);
    __builtin_memset((void *)(uintptr_t)loader->jump_tables.start, 0, PAGING_4K);
    loader->jump_tables.start += PAGING_4K;
    loader->jump_tables.pages--;
    return true;
}

bool loader_map_jump(struct loader *loader)
{
    uint64_t page = (uintptr_t)&enter_kernel & ~(PAGING_4K - 1);
    struct paging paging = {
        .root = loader->paging.root, .new_table = table_for_jump, .context = loader};
    EFI_STATUS status = firmware_allocate(&loader->firmware, JUMP_TABLES * PAGING_4K, PAGING_4K,
                                          &loader->jump_tables);

    if (EFI_ERROR(status))
        return loader_stop(loader, status, "no memory for the page tables of the jump");
    struct firmware_pages all = loader->jump_tables;
    enum paging_status mapped =
        paging_map(&paging, page, physical(page), PAGING_4K, PAGING_READ_EXECUTE);
    loader->jump_tables = all;
    if (mapped == PAGING_OK)
        return true;
    return loader_stop(loader, EFI_LOAD_ERROR, "the jump to the kernel cannot be mapped: %s",
                       paging_status_name(mapped));
}
