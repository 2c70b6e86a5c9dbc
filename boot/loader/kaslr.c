// SPDX-License-Identifier: MIT
// The drawing of kaslr.h.
#include "boot/loader/kaslr.h"

#include "boot/loader/placement.h"

// The first 2 MiB are left out: a kernel at address 0 looks like a mistake, and other processors
// start below 1 MiB.
#define PLACES_START HANDOFF_IMAGE_ALIGN
// The memory map may change between a draw and the allocation; another place is drawn then.
#define DRAWS 16
// Intel SDM 1, 7.3.17.1: RDRAND may fail for a while, and ten tries tell that from a defect.
#define RANDOM_TRIES 10

static bool draw_number(struct loader *loader, uint64_t *number)
{
    const struct loader_random *random = &loader->random;

    if (!EFI_ERROR(firmware_random(&loader->firmware, number)))
        return true;
    for (int i = 0; random->draw && i < RANDOM_TRIES; i++)
        if (random->draw(random->context, number))
            return true;
    return false;
}

enum loader_result kaslr_draw_seed(struct loader *loader)
{
    struct loader_options *options = &loader->options;

    if (options->seed_kind != LOADER_OPTIONS_RANDOM_SEED)
        return LOADER_DONE;
    if (!draw_number(loader, &options->seed))
        return loader_stop(loader, EFI_UNSUPPORTED,
                           "seed=random needs random numbers, and neither the firmware (RNG "
                           "protocol) nor the processor (RDRAND) has any; give seed=NUMBER");
    writer_print(&loader->firmware.console, "loader: seed=random drew seed=0x%llx\n",
                 (unsigned long long)options->seed);
    return LOADER_DONE;
}

// One of the `count` places where `size` bytes fit now; `state` moves on to the next draw.
static EFI_STATUS draw_place(struct firmware *firmware, uint64_t size, uint64_t *state,
                             uint64_t *place, uint64_t *count)
{
    const struct placement placement = {size, HANDOFF_IMAGE_ALIGN, PLACES_START,
                                        handoff_memory_end()};
    struct firmware_pages pages;
    struct memory_map map;

    EFI_STATUS status = firmware_copy_map(firmware, &pages, &map);
    if (EFI_ERROR(status))
        return status;
    *count = placement_count(&placement, &map);
    if (*count > 0)
        *place = placement_at(&placement, &map, placement_draw(state, *count));
    firmware_free(firmware, &pages);
    return *count > 0 ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

EFI_STATUS kaslr_allocate(struct loader *loader, uint64_t size, struct firmware_pages *pages)
{
    struct firmware *firmware = &loader->firmware;
    uint64_t seed = loader->options.seed;
    uint64_t state = seed;
    EFI_STATUS status = EFI_OUT_OF_RESOURCES;
    uint64_t place, count;

    for (int i = 0; i < DRAWS && EFI_ERROR(status); i++) {
        status = draw_place(firmware, size, &state, &place, &count);
        if (EFI_ERROR(status))
            return status;
        status = firmware_allocate_at(firmware, size, place, pages);
    }
    if (!EFI_ERROR(status))
        writer_print(&firmware->console,
                     "loader: seed 0x%llx puts the kernel at 0x%llx, one of %llu places\n",
                     (unsigned long long)seed, (unsigned long long)place,
                     (unsigned long long)count);
    return status;
}
