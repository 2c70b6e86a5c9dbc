// SPDX-License-Identifier: MIT
// The placing and loading of image.h.
#include "boot/loader/image.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"
#include "boot/loader/kaslr.h"

// For the message only: 0 if the memory map cannot be read, for which there may be no memory.
static uint64_t largest_free_piece(struct loader *loader)
{
    struct firmware_pages pages;
    struct memory_map map;

    if (EFI_ERROR(firmware_copy_map(&loader->firmware, &pages, &map)))
        return 0;
    struct region largest = memory_map_largest_conventional(&map);
    firmware_free(&loader->firmware, &pages);
    return largest.end - largest.start;
}

static enum loader_result stop_without_memory(struct loader *loader, EFI_STATUS status,
                                              uint64_t size)
{
    uint64_t needed = size + HANDOFF_IMAGE_ALIGN;
    uint64_t largest = largest_free_piece(loader);

    if (largest == 0 || largest >= needed)
        return loader_stop(loader, status,
                           "the kernel and its early heap need %llu KiB of free memory in one "
                           "piece, which the firmware does not give, %s",
                           (unsigned long long)needed / 1024,
                           largest == 0 ? "and its memory map cannot be read"
                                        : "although its memory map has them");
    return loader_stop(loader, status,
                       "the kernel and its early heap need %llu KiB of free memory in one piece; "
                       "the largest free piece has %llu KiB: link with a smaller EARLY_HEAP (now "
                       "%llu KiB) or give the machine more memory",
                       (unsigned long long)needed / 1024, (unsigned long long)largest / 1024,
                       (unsigned long long)loader->region_size / 1024);
}

enum loader_result image_place(struct loader *loader)
{
    const struct elf_image *elf = &loader->elf;
    struct range region;

    if (elf->start % HANDOFF_IMAGE_ALIGN != 0)
        return loader_stop(loader, EFI_LOAD_ERROR,
                           "the image begins at 0x%llx, which is not a multiple of 2 MiB",
                           (unsigned long long)elf->start);
    if (!range_of_pages(&region, elf->region_start, loader->region_size))
        return loader_stop(loader, EFI_LOAD_ERROR,
                           "a region of %llu KiB at 0x%llx reaches beyond the end of the address "
                           "space",
                           (unsigned long long)loader->region_size / 1024,
                           (unsigned long long)elf->region_start);
    // The region is the last part of the image: elf_check().
    uint64_t size = region.end - elf->start;
    EFI_STATUS status =
        loader->options.seed_kind == LOADER_OPTIONS_NO_SEED
            ? firmware_allocate(&loader->firmware, size, HANDOFF_IMAGE_ALIGN, &loader->image)
            : kaslr_allocate(loader, size, &loader->image);
    return EFI_ERROR(status) ? stop_without_memory(loader, status, size) : LOADER_DONE;
}

enum loader_result image_load(struct loader *loader)
{
    for (size_t i = 0; i < loader->elf.segment_count; i++) {
        const struct elf_segment *segment = &loader->elf.segments[i];
        unsigned char *to =
            (unsigned char *)(uintptr_t)(loader->image.start + segment->start - loader->elf.start);
        uint64_t size = page_round_up(segment->end - segment->start, PAGE_SIZE);
        memcpy(to, (const void *)(uintptr_t)(loader->kernel_file.pages.start + segment->offset),
               segment->file_size);
        memset(to + segment->file_size, 0, size - segment->file_size);
    }
    return LOADER_DONE;
}
