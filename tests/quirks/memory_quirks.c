// SPDX-License-Identifier: MIT
// Quirks of the memory map, of the pages that the firmware gives, and of the exit.
#include "arch/x86_64/string.h"
#include "tests/quirks/quirk.h"

static EFI_GET_MEMORY_MAP get_memory_map; // the firmware's
static EFI_EXIT_BOOT_SERVICES exit_boot_services;
static int exit_tries;

// Gives what is asked for of the firmware's map, changed by `change`.
static bool change_map(EFI_GET_MEMORY_MAP change)
{
    get_memory_map = quirk_system->BootServices->GetMemoryMap;
    quirk_system->BootServices->GetMemoryMap = change;
    return true;
}

// Adds `further` descriptors of pages that are the firmware's already.
static EFI_STATUS lengthen(UINTN further, UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                           UINTN *stride, UINT32 *version)
{
    UINTN room = *size;
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);
    UINTN given = *size;

    *size += further * *stride;
    if (EFI_ERROR(status))
        return status;
    if (room < *size)
        return EFI_BUFFER_TOO_SMALL;
    for (UINTN i = 0; i < further; i++)
        memcpy((unsigned char *)buffer + given + i * *stride, buffer, sizeof *buffer);
    return EFI_SUCCESS;
}

#define FURTHER 4 // descriptors

// Behind the firmware's map descriptors that no firmware should give: the first one twice, a
// reserved one that wraps, an empty one, one of a type that is not defined.
static EFI_STATUS EFIAPI get_wild_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                      UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = lengthen(FURTHER, size, buffer, key, stride, version);

    if (EFI_ERROR(status))
        return status;
    unsigned char *at = (unsigned char *)buffer + *size - FURTHER * *stride;
    const EFI_MEMORY_DESCRIPTOR further[FURTHER] = {
        *buffer,
        {.Type = EfiReservedMemoryType,
         .PhysicalStart = UINT64_C(0xfffffffffffff000),
         .NumberOfPages = 16},
        {.Type = EfiConventionalMemory, .PhysicalStart = 0x1000, .NumberOfPages = 0},
        {.Type = 0x6fffffff,
         .PhysicalStart = UINT64_C(1) << 51,
         .NumberOfPages = UINT64_C(1) << 60},
    };
    for (unsigned i = 0; i < FURTHER; i++)
        memcpy(at + i * *stride, &further[i], sizeof further[i]);
    return EFI_SUCCESS;
}

static bool wild_map(void)
{
    return change_map(get_wild_map);
}

static EFI_STATUS EFIAPI exit_with_stale_key(EFI_HANDLE image, UINTN key)
{
    return exit_tries++ < 3 ? EFI_INVALID_PARAMETER : exit_boot_services(image, key);
}

static bool stale_key(void)
{
    exit_boot_services = quirk_system->BootServices->ExitBootServices;
    quirk_system->BootServices->ExitBootServices = exit_with_stale_key;
    return true;
}

static EFI_STATUS EFIAPI fail_to_exit(EFI_HANDLE image, UINTN key)
{
    (void)image;
    (void)key;
    return EFI_DEVICE_ERROR;
}

static bool failing_exit(void)
{
    quirk_system->BootServices->ExitBootServices = fail_to_exit;
    return true;
}

static EFI_STATUS EFIAPI get_reversed_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                          UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);
    unsigned char *low = (unsigned char *)buffer, *high = low + *size;
    EFI_MEMORY_DESCRIPTOR one;

    for (; !EFI_ERROR(status) && low + *stride < high; low += *stride) {
        high -= *stride;
        memcpy(&one, low, sizeof one);
        memcpy(low, high, sizeof one);
        memcpy(high, &one, sizeof one);
    }
    return status;
}

static bool reversed_map(void)
{
    return change_map(get_reversed_map);
}

#define LARGE_STRIDE 2072 // not even a multiple of 16

static EFI_STATUS EFIAPI get_map_of_large_descriptors(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                                      UINTN *key, UINTN *stride, UINT32 *version)
{
    static unsigned char bytes[65536];
    UINTN room = *size, given = sizeof bytes;
    EFI_STATUS status =
        get_memory_map(&given, (EFI_MEMORY_DESCRIPTOR *)bytes, key, stride, version);

    if (EFI_ERROR(status))
        return status;
    UINTN count = given / *stride;
    *size = count * LARGE_STRIDE;
    if (room >= *size)
        for (UINTN i = 0; i < count; i++)
            memcpy((unsigned char *)buffer + i * LARGE_STRIDE, bytes + i * *stride,
                   sizeof(EFI_MEMORY_DESCRIPTOR));
    *stride = LARGE_STRIDE;
    return room >= *size ? EFI_SUCCESS : EFI_BUFFER_TOO_SMALL;
}

static bool map_of_large_descriptors(void)
{
    return change_map(get_map_of_large_descriptors);
}

static EFI_STATUS EFIAPI get_growing_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                         UINTN *stride, UINT32 *version)
{
    static UINTN calls;

    return lengthen(2 * calls++, size, buffer, key, stride, version);
}

// And each time the key is of the map before.
static bool growing_map(void)
{
    return stale_key() && change_map(get_growing_map);
}

// Grows when it was read once, for the room that was made; on each firmware by more than that.
static EFI_STATUS EFIAPI get_fast_growing_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                              UINTN *key, UINTN *stride, UINT32 *version)
{
    static UINTN calls;

    return lengthen(calls++ < 2 ? 0 : 200, size, buffer, key, stride, version);
}

static bool fast_growing_map(void)
{
    return change_map(get_fast_growing_map);
}

// Grows only when the exit has failed once.
static EFI_STATUS EFIAPI get_late_growing_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                              UINTN *key, UINTN *stride, UINT32 *version)
{
    return lengthen(exit_tries > 0 ? 200 : 0, size, buffer, key, stride, version);
}

static bool late_growing_map(void)
{
    return stale_key() && change_map(get_late_growing_map);
}

// Puts one more descriptor behind the firmware's.
static EFI_MEMORY_DESCRIPTOR further;

static EFI_STATUS EFIAPI get_map_with_one_more(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                               UINTN *key, UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = lengthen(1, size, buffer, key, stride, version);

    if (!EFI_ERROR(status))
        memcpy((unsigned char *)buffer + *size - *stride, &further, sizeof further);
    return status;
}

static bool add_descriptor(UINT32 type, uint64_t start, uint64_t pages)
{
    further = (EFI_MEMORY_DESCRIPTOR){
        .Type = type, .PhysicalStart = start, .NumberOfPages = pages, .Attribute = EFI_MEMORY_WB};
    return change_map(get_map_with_one_more);
}

static bool memory_beyond_the_processor(void)
{
    return add_descriptor(EfiConventionalMemory, UINT64_C(1) << 51, 16);
}

static bool memory_without_end(void)
{
    return add_descriptor(EfiConventionalMemory, UINT64_C(1) << 40, UINT64_C(1) << 60);
}

static bool memory_at_an_odd_address(void)
{
    return add_descriptor(EfiReservedMemoryType, 0x5000123, 2);
}

static void (*change_descriptor)(EFI_MEMORY_DESCRIPTOR *descriptor);

static EFI_STATUS EFIAPI get_map_of_changed_descriptors(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                                        UINTN *key, UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);

    for (UINTN at = 0; !EFI_ERROR(status) && at < *size; at += *stride)
        change_descriptor((EFI_MEMORY_DESCRIPTOR *)(void *)((unsigned char *)buffer + at));
    return status;
}

static bool change_descriptors(void (*change)(EFI_MEMORY_DESCRIPTOR *descriptor))
{
    change_descriptor = change;
    return change_map(get_map_of_changed_descriptors);
}

static void take_attributes(EFI_MEMORY_DESCRIPTOR *descriptor)
{
    descriptor->Attribute = 0;
}

// Of all memory the map says nothing about caches.
static bool map_without_attributes(void)
{
    return change_descriptors(take_attributes);
}

static void reserve(EFI_MEMORY_DESCRIPTOR *descriptor)
{
    descriptor->Type = EfiReservedMemoryType;
}

static bool map_without_memory(void)
{
    return change_descriptors(reserve);
}

static EFI_STATUS EFIAPI get_empty_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                       UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);

    if (!EFI_ERROR(status))
        *size = 0;
    return status;
}

static bool empty_map(void)
{
    return change_map(get_empty_map);
}

static EFI_STATUS EFIAPI fail_to_get_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                         UINTN *stride, UINT32 *version)
{
    (void)size, (void)buffer, (void)key, (void)stride, (void)version;
    return EFI_DEVICE_ERROR;
}

static bool no_map(void)
{
    return change_map(fail_to_get_map);
}

static EFI_STATUS EFIAPI get_map_of_small_descriptors(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer,
                                                      UINTN *key, UINTN *stride, UINT32 *version)
{
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);

    *stride = 24;
    return status;
}

static bool map_of_small_descriptors(void)
{
    return change_map(get_map_of_small_descriptors);
}

static EFI_ALLOCATE_PAGES allocate_pages; // the firmware's
static UINTN allocations_left;

static EFI_STATUS EFIAPI allocate_few_times(EFI_ALLOCATE_TYPE kind, EFI_MEMORY_TYPE type,
                                            UINTN pages, EFI_PHYSICAL_ADDRESS *start)
{
    if (allocations_left == 0)
        return EFI_OUT_OF_RESOURCES;
    allocations_left--;
    return allocate_pages(kind, type, pages, start);
}

static bool limit_allocations(UINTN count)
{
    allocations_left = count;
    allocate_pages = quirk_system->BootServices->AllocatePages;
    quirk_system->BootServices->AllocatePages = allocate_few_times;
    return true;
}

static bool no_pages(void)
{
    return limit_allocations(0);
}

static bool pages_for_the_file_only(void)
{
    return limit_allocations(1);
}

static bool pages_for_file_and_image_only(void)
{
    return limit_allocations(2);
}

static EFI_STATUS EFIAPI allocate_low(EFI_ALLOCATE_TYPE kind, EFI_MEMORY_TYPE type, UINTN pages,
                                      EFI_PHYSICAL_ADDRESS *start)
{
    (void)kind, (void)type, (void)pages;
    *start = 0x1000;
    return EFI_SUCCESS;
}

static bool pages_below_one_mib(void)
{
    quirk_system->BootServices->AllocatePages = allocate_low;
    return true;
}

static EFI_STATUS EFIAPI exit_never(EFI_HANDLE image, UINTN key)
{
    (void)image, (void)key;
    return EFI_INVALID_PARAMETER;
}

static bool key_that_is_always_stale(void)
{
    quirk_system->BootServices->ExitBootServices = exit_never;
    return true;
}

const struct quirk memory_quirks[] = {
    {"wild_map", wild_map},
    {"stale_key", stale_key},
    {"failing_exit", failing_exit},
    {"reversed_map", reversed_map},
    {"map_of_large_descriptors", map_of_large_descriptors},
    {"growing_map", growing_map},
    {"fast_growing_map", fast_growing_map},
    {"late_growing_map", late_growing_map},
    {"memory_beyond_the_processor", memory_beyond_the_processor},
    {"memory_without_end", memory_without_end},
    {"memory_at_an_odd_address", memory_at_an_odd_address},
    {"map_without_attributes", map_without_attributes},
    {"map_without_memory", map_without_memory},
    {"empty_map", empty_map},
    {"no_map", no_map},
    {"map_of_small_descriptors", map_of_small_descriptors},
    {"no_pages", no_pages},
    {"pages_for_the_file_only", pages_for_the_file_only},
    {"pages_for_file_and_image_only", pages_for_file_and_image_only},
    {"pages_below_one_mib", pages_below_one_mib},
    {"key_that_is_always_stale", key_that_is_always_stale},
    {0},
};
