// SPDX-License-Identifier: MIT
// A fake memory map: a UEFI application that gives the firmware's memory map more or fewer entries,
// and starts \loader.efi, which knows nothing of it. boot_cost.py puts it in the loader's place to
// see how a boot grows with its map. \entries.txt holds one of
//   real N      the firmware's own map, made longer: single pages of several kinds are allocated,
//               each with a free page behind it, until there are about N entries
//   shaped N    GetMemoryMap() is answered by this application, with exactly N entries, from 10: it
//   joins
//               what is alike, leaves out what is no memory, and calls every other page at the
//               start of the largest free entry ACPI memory
#include "tests/quirks/wrapped_loader.h"

#include <efi.h>
#include <stdbool.h>
#include <stdint.h>

#define PAGE UINT64_C(4096)
#define MOST_ENTRIES 2048
#define STRIDE 48 // what OVMF says the size of a descriptor is

static EFI_BOOT_SERVICES *services;
static EFI_GET_MEMORY_MAP get_memory_map; // the firmware's
static unsigned char *firmware_map;       // MOST_ENTRIES of the firmware's
static EFI_MEMORY_DESCRIPTOR *entries;    // those that are answered
static UINTN entry_count, wanted_count;

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static void *allocate(UINTN size)
{
    void *memory;

    return EFI_ERROR(services->AllocatePool(EfiLoaderData, size, &memory)) ? NULL : memory;
}

// The number behind the first blank.
static UINTN read_number(const char *text, UINTN size)
{
    UINTN number = 0, at = 0;

    while (at < size && text[at] != ' ')
        at++;
    for (at++; at < size && text[at] >= '0' && text[at] <= '9'; at++)
        number = 10 * number + (UINTN)(text[at] - '0');
    return number;
}

// ── The firmware's map, made longer ─────────────────────────────────────────────────────────────

static UINTN read_map(UINTN *key, UINT32 *version)
{
    UINTN size = MOST_ENTRIES * STRIDE, stride;

    if (EFI_ERROR(
            get_memory_map(&size, (EFI_MEMORY_DESCRIPTOR *)firmware_map, key, &stride, version)) ||
        stride != STRIDE)
        return 0;
    return size / STRIDE;
}

static const EFI_MEMORY_DESCRIPTOR *entry_of_firmware(UINTN index)
{
    return (const EFI_MEMORY_DESCRIPTOR *)(firmware_map + index * STRIDE);
}

// Every other page of a stretch: each page adds itself and the free one behind it.
static void add_entries(UINTN count)
{
    static const EFI_MEMORY_TYPE kinds[] = {EfiACPIMemoryNVS, EfiRuntimeServicesData,
                                            EfiReservedMemoryType};
    EFI_PHYSICAL_ADDRESS start = 0;
    UINTN pages = count / 2;

    if (EFI_ERROR(services->AllocatePages(AllocateAnyPages, EfiLoaderData, 2 * pages, &start)))
        return;
    services->FreePages(start, 2 * pages);
    for (UINTN i = 0; i < pages; i++) {
        EFI_PHYSICAL_ADDRESS at = start + 2 * i * PAGE;
        services->AllocatePages(AllocateAddress, kinds[i % 3], 1, &at);
    }
}

// ── A map of its own ───────────────────────────────────────────────────────────────────

// What an entry is answered as: free or freed memory, memory that is kept, or nothing.
static UINT32 answered_type(UINT32 type)
{
    switch (type) {
    case EfiLoaderCode:
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
    case EfiConventionalMemory:
        return EfiConventionalMemory;
    case EfiACPIReclaimMemory:
    case EfiACPIMemoryNVS:
    case EfiRuntimeServicesCode:
    case EfiRuntimeServicesData:
        return EfiACPIMemoryNVS;
    default:
        return EfiMaxMemoryType;
    }
}

// Entries in the order of their addresses, those that are alike and adjacent joined.
static void insert(EFI_MEMORY_DESCRIPTOR entry)
{
    UINTN at = entry_count;

    for (; at > 0 && entries[at - 1].PhysicalStart > entry.PhysicalStart; at--)
        entries[at] = entries[at - 1];
    entries[at] = entry;
    entry_count++;
}

static void join_alike(void)
{
    UINTN kept = 0;

    for (UINTN i = 0; i < entry_count; i++) {
        EFI_MEMORY_DESCRIPTOR *last = &entries[kept - 1];
        if (kept > 0 && last->Type == entries[i].Type &&
            last->PhysicalStart + last->NumberOfPages * PAGE == entries[i].PhysicalStart)
            last->NumberOfPages += entries[i].NumberOfPages;
        else
            entries[kept++] = entries[i];
    }
    entry_count = kept;
}

// A few pages are not missed.
static void leave_out_smallest(void)
{
    UINTN smallest = 0;

    for (UINTN i = 1; i < entry_count; i++)
        if (entries[i].NumberOfPages < entries[smallest].NumberOfPages)
            smallest = i;
    for (UINTN i = smallest + 1; i < entry_count; i++)
        entries[i - 1] = entries[i];
    entry_count--;
}

static void cut(UINTN index, UINT64 pages)
{
    EFI_MEMORY_DESCRIPTOR rest = entries[index];

    rest.PhysicalStart += pages * PAGE;
    rest.NumberOfPages -= pages;
    entries[index].NumberOfPages = pages;
    for (UINTN i = entry_count++; i > index; i--)
        entries[i] = entries[i - 1];
    entries[index + 1] = rest;
}

// Of what the firmware calls free, nothing is in use, whatever it is called here.
static void cut_pages(EFI_PHYSICAL_ADDRESS free)
{
    UINTN index = 0;

    while (entries[index].PhysicalStart + entries[index].NumberOfPages * PAGE <= free)
        index++;
    if (entries[index].PhysicalStart < free && entry_count < wanted_count) {
        cut(index, (free - entries[index].PhysicalStart) / PAGE);
        index++;
    }
    for (bool kept = true; entry_count < wanted_count; kept = !kept) {
        cut(index, 1);
        entries[index++].Type = kept ? EfiACPIMemoryNVS : EfiConventionalMemory;
    }
}

static bool shape_map(UINTN *key, UINT32 *version)
{
    UINTN count = read_map(key, version);
    EFI_MEMORY_DESCRIPTOR largest = {.NumberOfPages = 0};

    entry_count = 0;
    for (UINTN i = 0; i < count; i++) {
        EFI_MEMORY_DESCRIPTOR entry = *entry_of_firmware(i);
        if (entry.Type == EfiConventionalMemory && entry.NumberOfPages > largest.NumberOfPages)
            largest = entry;
        entry.Type = answered_type(entry.Type);
        entry.Attribute = EFI_MEMORY_WB;
        if (entry.Type != EfiMaxMemoryType)
            insert(entry);
    }
    join_alike();
    if (entry_count == 0)
        return false;
    while (entry_count > wanted_count)
        leave_out_smallest();
    cut_pages(largest.PhysicalStart);
    return true;
}

static EFI_STATUS EFIAPI answer(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                UINTN *stride, UINT32 *version)
{
    UINTN room = *size;

    if (!shape_map(key, version))
        return EFI_DEVICE_ERROR;
    *size = entry_count * STRIDE;
    *stride = STRIDE;
    if (!buffer || room < *size)
        return EFI_BUFFER_TOO_SMALL;
    for (UINTN i = 0; i < entry_count; i++) // backwards, as no firmware sorts
        *(EFI_MEMORY_DESCRIPTOR *)((unsigned char *)buffer + i * STRIDE) =
            entries[entry_count - 1 - i];
    return EFI_SUCCESS;
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────

static void shape(bool real)
{
    UINT32 version;
    UINTN key;
    UINTN count = read_map(&key, &version);

    if (!real)
        services->GetMemoryMap = answer;
    else if (count < wanted_count)
        add_entries(wanted_count - count);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct wrapped_loader loader;

    services = system->BootServices;
    get_memory_map = services->GetMemoryMap;
    firmware_map = allocate(MOST_ENTRIES * STRIDE);
    entries = allocate(MOST_ENTRIES * sizeof *entries);
    if (!firmware_map || !entries)
        return EFI_OUT_OF_RESOURCES;
    EFI_STATUS status = wrapped_loader_open(&loader, image, system, L"\\entries.txt");
    if (EFI_ERROR(status))
        return status;
    wanted_count = read_number(loader.words, loader.size);
    shape(loader.words[0] == 'r');
    return services->StartImage(loader.handle, NULL, NULL);
}
