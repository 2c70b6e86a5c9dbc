// SPDX-License-Identifier: MIT
// The checks of handoff_check.h, from the structure itself to what it points to.
#include "boot/kernel/handoff_check.h"

#include "boot/range.h"

#define REJECT(writer, ...) (writer_print((writer), __VA_ARGS__), false)
#define NUMBER(value) ((unsigned long long)(value))

// A named part of the region, as offsets.
struct part {
    const char *name;
    struct handoff_span span;
};

// Bytes from `start` on; those that would wrap end with the address space.
static struct range bytes_of(uint64_t start, uint64_t size)
{
    struct range bytes = {start, UINT64_MAX};

    (void)range_of(&bytes, start, size);
    return bytes;
}

static bool check_identity(const struct handoff *handoff, const struct writer *writer)
{
    if (handoff->magic != HANDOFF_MAGIC)
        return REJECT(writer,
                      "its magic is 0x%llx, not 0x%llx: this is not a handoff of this loader",
                      NUMBER(handoff->magic), NUMBER(HANDOFF_MAGIC));
    if (handoff->version != HANDOFF_VERSION)
        return REJECT(writer,
                      "its version is %u and this kernel reads %u: use a loader of the "
                      "same build",
                      handoff->version, HANDOFF_VERSION);
    if (handoff->size != sizeof *handoff)
        return REJECT(writer, "it has %u bytes, version %u has %zu", handoff->size, HANDOFF_VERSION,
                      sizeof *handoff);
    if (handoff->direct_map != HANDOFF_DIRECT_MAP)
        return REJECT(writer, "the direct map is at 0x%llx, not at 0x%llx",
                      NUMBER(handoff->direct_map), NUMBER(HANDOFF_DIRECT_MAP));
    return true;
}

static bool check_region(const struct handoff *handoff, const struct writer *writer)
{
    uint64_t size = handoff->heap.size;
    struct range image;

    if (handoff->linked_size == 0 || size < handoff->linked_size ||
        ((size | handoff->linked_size | handoff->region_virtual) & (PAGE_SIZE - 1)) != 0)
        return REJECT(writer,
                      "its region at 0x%llx of %llu bytes, %llu linked, is not made of whole pages",
                      NUMBER(handoff->region_virtual), NUMBER(size), NUMBER(handoff->linked_size));
    if (!range_of(&image, handoff->image_virtual, handoff->image_size))
        return REJECT(writer, "the image at 0x%llx, %llu bytes, wraps around the address space",
                      NUMBER(handoff->image_virtual), NUMBER(handoff->image_size));
    if (!range_has(image, handoff->region_virtual, size))
        return REJECT(writer,
                      "its region at 0x%llx, %llu bytes, leaves the image at 0x%llx, %llu "
                      "bytes",
                      NUMBER(handoff->region_virtual), NUMBER(size), NUMBER(handoff->image_virtual),
                      NUMBER(handoff->image_size));
    if (handoff->region_physical - handoff->image_physical !=
            handoff->region_virtual - handoff->image_virtual ||
        (handoff->region_physical - handoff->region_virtual) % HANDOFF_IMAGE_ALIGN != 0)
        return REJECT(writer,
                      "region at 0x%llx and its memory at 0x%llx are not congruent modulo "
                      "2 MiB",
                      NUMBER(handoff->region_virtual), NUMBER(handoff->region_physical));
    if (handoff->heap.used > size)
        return REJECT(writer, "%llu bytes of the region are said to be used, it has %llu",
                      NUMBER(handoff->heap.used), NUMBER(size));
    return true;
}

// Where parts begin is a difference of addresses: one that wraps is too large to be in the region.
static bool check_parts(const struct handoff *handoff, const struct writer *writer)
{
    const struct handoff_span line = handoff->command_line;
    const struct range used = {0, handoff->heap.used};
    const struct part parts[] = {
        {"boot info", {(uintptr_t)handoff - handoff->region_virtual, sizeof *handoff}},
        {"memory map", handoff->memory_map.span},
        {"command line", {line.offset, line.size == 0 ? 0 : line.size + 1}},
        {"list of modules", handoff->modules},
        {"top page table", {handoff->page_table_root - handoff->region_physical, PAGE_SIZE}},
    };

    if (line.size > HANDOFF_COMMAND_LINE_MAX)
        return REJECT(writer, "its command line has %llu bytes, at most %u are allowed",
                      NUMBER(line.size), HANDOFF_COMMAND_LINE_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!range_has(used, parts[i].span.offset, parts[i].span.size))
            return REJECT(writer,
                          "its %s, %llu bytes at offset %llu, is not in the used part of "
                          "the region, %llu bytes",
                          parts[i].name, NUMBER(parts[i].span.size), NUMBER(parts[i].span.offset),
                          NUMBER(handoff->heap.used));
        for (size_t j = 0; j < i; j++) {
            if (range_overlaps(bytes_of(parts[i].span.offset, parts[i].span.size),
                               bytes_of(parts[j].span.offset, parts[j].span.size)))
                return REJECT(writer, "its %s and its %s overlap at offset %llu", parts[i].name,
                              parts[j].name, NUMBER(parts[i].span.offset));
        }
    }
    if (handoff->page_table_root % PAGE_SIZE != 0)
        return REJECT(writer, "its top page table at 0x%llx does not begin at a page",
                      NUMBER(handoff->page_table_root));
    if (handoff_command_line(handoff)[line.size] != '\0')
        return REJECT(writer, "its command line of %llu bytes does not end with a NUL",
                      NUMBER(line.size));
    return true;
}

static bool check_memory(const struct handoff *handoff, const struct writer *writer)
{
    struct memory_map map = handoff_memory_map(handoff);
    const struct handoff_framebuffer *screen = &handoff->framebuffer;

    if (map.stride < MEMORY_DESCRIPTOR_SIZE || map.size == 0 || map.size % map.stride != 0)
        return REJECT(writer, "its memory map of %zu bytes is not made of descriptors of %zu bytes",
                      map.size, map.stride);
    if (!memory_map_is_usable(&map, handoff->image_physical, handoff->image_size))
        return REJECT(writer,
                      "the image at 0x%llx, %llu bytes, is not in memory that the map "
                      "calls usable",
                      NUMBER(handoff->image_physical), NUMBER(handoff->image_size));
    if (range_overlaps(bytes_of(handoff->image_physical, handoff->image_size),
                       bytes_of(screen->physical, screen->size)))
        return REJECT(writer, "the framebuffer at 0x%llx overlaps the image at 0x%llx",
                      NUMBER(screen->physical), NUMBER(handoff->image_physical));
    return true;
}

// Where a module lies, in whole pages; none if that wraps.
static struct range pages_of(const struct handoff_module *module)
{
    struct range pages = {0, 0};

    (void)range_of_pages(&pages, module->physical, module->size);
    return pages;
}

static bool check_module(const struct handoff *handoff, size_t number, const struct memory_map *map,
                         const struct writer *writer)
{
    const struct handoff_module *module = handoff_module(handoff, number);
    const struct range pages = pages_of(module);
    const struct handoff_framebuffer *screen = &handoff->framebuffer;

    if (module->name[HANDOFF_MODULE_NAME_MAX] != '\0')
        return REJECT(writer, "the name of module %zu does not end with a NUL", number);
    if (module->size == 0)
        return true;
    if (module->physical % PAGE_SIZE != 0 || pages.start < HANDOFF_MODULES_START ||
        !memory_map_is_usable(map, pages.start, range_size(pages)))
        return REJECT(writer,
                      "module %s at 0x%llx, %llu bytes, is not in pages above 1 MiB that "
                      "the map calls usable",
                      module->name, NUMBER(module->physical), NUMBER(module->size));
    if (range_overlaps(pages, bytes_of(handoff->image_physical, handoff->image_size)) ||
        range_overlaps(pages, bytes_of(screen->physical, screen->size)))
        return REJECT(writer,
                      "module %s at 0x%llx, %llu bytes, overlaps the image at 0x%llx or "
                      "the framebuffer at 0x%llx",
                      module->name, NUMBER(module->physical), NUMBER(module->size),
                      NUMBER(handoff->image_physical), NUMBER(screen->physical));
    for (size_t i = 0; i < number; i++) {
        const struct handoff_module *other = handoff_module(handoff, i);
        if (range_overlaps(pages, pages_of(other)))
            return REJECT(writer, "module %s at 0x%llx and module %s at 0x%llx overlap",
                          module->name, NUMBER(module->physical), other->name,
                          NUMBER(other->physical));
    }
    return true;
}

static bool check_modules(const struct handoff *handoff, const struct writer *writer)
{
    struct memory_map map = handoff_memory_map(handoff);
    const struct handoff_span list = handoff->modules;

    if (list.size % sizeof(struct handoff_module) != 0 ||
        (list.size != 0 && list.offset % _Alignof(struct handoff_module) != 0))
        return REJECT(writer,
                      "its list of modules, %llu bytes at offset %llu, is not made of "
                      "entries of %zu bytes",
                      NUMBER(list.size), NUMBER(list.offset), sizeof(struct handoff_module));
    for (size_t i = 0; handoff_module(handoff, i); i++)
        if (!check_module(handoff, i, &map, writer))
            return false;
    return true;
}

bool handoff_check(const struct handoff *handoff, const struct writer *writer)
{
    if (!handoff || (uintptr_t)handoff % _Alignof(struct handoff) != 0)
        return REJECT(writer, "it is said to be at %p, which is no address for it",
                      (const void *)handoff);
    return check_identity(handoff, writer) && check_region(handoff, writer) &&
           check_parts(handoff, writer) && check_memory(handoff, writer) &&
           check_modules(handoff, writer);
}
