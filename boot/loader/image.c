// SPDX-License-Identifier: MIT
// Where the image goes, region included, and its segments in it.
#include "boot/loader/loader.h"
#include "boot/loader/placement.h"

// The first 2 MiB are left alone: frame 0 looks like a mistake, and other processors start below
// 1 MiB.
#define PLACES_START HANDOFF_IMAGE_ALIGN
// The direct map ends where the image is linked, so that nothing beyond can be addressed.
#define PLACES_END (HANDOFF_IMAGE_BASE - HANDOFF_DIRECT_MAP)
// The map may change between a drawing and the allocation; then another place is drawn.
#define DRAWINGS 16
// What a generator that has run dry gets to recover: Intel SDM 1, 7.3.17.1.
#define RANDOM_TRIES 10

static uint64_t image_size(const struct loader *loader)
{
    uint64_t region_end = loader->elf.region_start + loader->region_size;

    return (region_end > loader->elf.end ? region_end : loader->elf.end) - loader->elf.start;
}

// ── The firmware's map, for a moment ────────────────────────────────────────────────────────────

static bool read_map(struct loader *loader, struct firmware_pages *pages, struct memory_map *map)
{
    uint64_t size, stride;
    UINT32 version;
    UINTN key;

    if (EFI_ERROR(firmware_map_size(&loader->firmware, &size, &stride)))
        return false;
    size += LOADER_MAP_SLACK * stride;
    if (EFI_ERROR(firmware_allocate(&loader->firmware, size, EFI_PAGE_SIZE, pages)))
        return false;
    if (!EFI_ERROR(firmware_read_map(&loader->firmware, (void *)(uintptr_t)pages->start, size, map,
                                     &version, &key)))
        return true;
    firmware_free(&loader->firmware, pages);
    return false;
}

static uint64_t largest_free_piece(struct loader *loader)
{
    struct firmware_pages pages;
    struct memory_map map;

    if (!read_map(loader, &pages, &map))
        return 0;
    struct memory_range largest = memory_map_largest_conventional(&map);
    firmware_free(&loader->firmware, &pages);
    return largest.end - largest.start;
}

// ── Chance ──────────────────────────────────────────────────────────────────────────────────────

static bool has_random_number(struct loader *loader, uint64_t *number)
{
    if (!EFI_ERROR(firmware_random(&loader->firmware, number)))
        return true;
    for (int i = 0; loader->random && i < RANDOM_TRIES; i++) {
        if (loader->random(number))
            return true;
    }
    return false;
}

bool loader_draw_seed(struct loader *loader)
{
    struct loader_options *options = &loader->options;

    if (options->seed_kind != LOADER_OPTIONS_RANDOM_SEED)
        return true;
    if (!has_random_number(loader, &options->seed))
        return loader_stop(loader, EFI_UNSUPPORTED,
                           "seed=random needs random numbers, and neither the firmware (RNG "
                           "protocol) nor the processor (RDRAND) has any; give seed=NUMBER");
    writer_print(&loader->firmware.console, "loader: seed=random drew seed=0x%llx\n",
                 (unsigned long long)options->seed);
    return true;
}

// One of all the places where the image fits; 0: there is none, or no map.
static uint64_t draw_place(struct loader *loader, uint64_t *state, uint64_t *count)
{
    const struct placement placement = {image_size(loader), HANDOFF_IMAGE_ALIGN, PLACES_START,
                                        PLACES_END};
    struct firmware_pages pages;
    struct memory_map map;
    uint64_t place = 0;

    *count = 0;
    if (!read_map(loader, &pages, &map))
        return 0;
    *count = placement_count(&placement, &map);
    if (*count > 0)
        place = placement_at(&placement, &map, placement_draw(state, *count));
    firmware_free(&loader->firmware, &pages);
    return place;
}

static EFI_STATUS allocate_by_chance(struct loader *loader)
{
    uint64_t state = loader->options.seed;
    EFI_STATUS status = EFI_OUT_OF_RESOURCES;

    for (int i = 0; i < DRAWINGS && EFI_ERROR(status); i++) {
        uint64_t count;
        uint64_t place = draw_place(loader, &state, &count);
        if (count == 0)
            return EFI_OUT_OF_RESOURCES;
        status = firmware_allocate_at(&loader->firmware, image_size(loader), place, &loader->image);
        if (!EFI_ERROR(status))
            writer_print(&loader->firmware.console,
                         "loader: seed 0x%llx puts the kernel at 0x%llx, one of %llu places\n",
                         (unsigned long long)loader->options.seed, (unsigned long long)place,
                         (unsigned long long)count);
    }
    return status;
}

// ── The image ───────────────────────────────────────────────────────────────────────────────────

bool loader_place_image(struct loader *loader)
{
    // Linked at an address that is congruent to where it is put.
    uint64_t offset = loader->elf.start % HANDOFF_IMAGE_ALIGN;

    if (offset != 0 || loader->region_size > UINT64_MAX - loader->elf.region_start)
        return loader_stop(loader, EFI_LOAD_ERROR,
                           "the image begins at 0x%llx, which is not a multiple of 2 MiB, or its "
                           "region of %llu KiB leaves the address space",
                           (unsigned long long)loader->elf.start,
                           (unsigned long long)loader->region_size / 1024);
    EFI_STATUS status = loader->options.seed_kind == LOADER_OPTIONS_NO_SEED
                            ? firmware_allocate(&loader->firmware, image_size(loader),
                                                HANDOFF_IMAGE_ALIGN, &loader->image)
                            : allocate_by_chance(loader);
    if (!EFI_ERROR(status))
        return true;
    return loader_stop(
        loader, status,
        "the kernel and its early heap need %llu KiB of free memory in one piece; the largest free "
        "piece has %llu KiB: link with a smaller EARLY_HEAP (now %llu KiB) or give the machine "
        "more memory",
        (unsigned long long)(image_size(loader) + HANDOFF_IMAGE_ALIGN) / 1024,
        (unsigned long long)largest_free_piece(loader) / 1024,
        (unsigned long long)loader->region_size / 1024);
}

// Copies what the file has and clears what it has not, up to the end of each segment's last page;
// the region is not touched.
void loader_load_image(struct loader *loader)
{
    for (size_t i = 0; i < loader->elf.segment_count; i++) {
        const struct elf_segment *segment = &loader->elf.segments[i];
        unsigned char *to =
            (unsigned char *)(uintptr_t)(loader->image.start + segment->start - loader->elf.start);
        uint64_t size = (segment->end - segment->start + PAGING_4K - 1) & ~(PAGING_4K - 1);
        __builtin_memcpy(
            to, (const void *)(uintptr_t)(loader->kernel_file.pages.start + segment->offset),
            segment->file_size);
        __builtin_memset(to + segment->file_size, 0, size - segment->file_size);
    }
}
