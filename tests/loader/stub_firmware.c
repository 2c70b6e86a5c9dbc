// SPDX-License-Identifier: MIT
// The services behind stub_firmware.h, after the UEFI specification 2.10; "7.2" and the like are
// its sections.
#define _GNU_SOURCE // MAP_ANONYMOUS, MAP_FIXED_NOREPLACE
#include "tests/loader/stub_firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE UINT64_C(4096)
#define PAGES (STUB_MEMORY_SIZE / PAGE)
#define GARBAGE 0xa5

enum { LOADED_IMAGE_REVISION = 0x1000 };

static struct stub_firmware *firmware;
static bool is_taken[PAGES];
static UINTN map_key;
static EFI_LOADED_IMAGE loaded_image;
static int image_handle, volume_handle; // their addresses are the handles
static EFI_BOOT_SERVICES services;

static void note_misuse(const char *what)
{
    if (!firmware->misuse)
        firmware->misuse = what;
}

// After the first ExitBootServices only memory services may be called, and nothing once it has
// succeeded (7.4.6).
static void note_call(bool is_memory_service)
{
    if (firmware->has_exited)
        note_misuse("a service was called after boot services had ended");
    else if (firmware->exits > 0 && !is_memory_service)
        note_misuse("a service was called that may be shut down");
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

static uint64_t index_of(EFI_PHYSICAL_ADDRESS address)
{
    return (address - STUB_MEMORY_START) / PAGE;
}

static bool is_free(uint64_t first, uint64_t count)
{
    if (first > PAGES || count > PAGES - first)
        return false;
    for (uint64_t i = first; i < first + count; i++)
        if (is_taken[i])
            return false;
    return true;
}

static void take(uint64_t first, uint64_t count)
{
    memset(&is_taken[first], true, count);
    memset((void *)(uintptr_t)(STUB_MEMORY_START + first * PAGE), GARBAGE, count * PAGE);
    firmware->pages_out += count;
    map_key++;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE kind, EFI_MEMORY_TYPE type, UINTN count,
                                        EFI_PHYSICAL_ADDRESS *address)
{
    note_call(true);
    if (firmware->exits > 0)
        note_misuse("memory was allocated between two tries to exit");
    if (type != EfiLoaderData || count == 0)
        note_misuse("AllocatePages was given another type than loader data, or no pages");
    if (++firmware->allocations == firmware->failing_allocation)
        return EFI_OUT_OF_RESOURCES;
    if (kind == AllocateAddress) {
        if (*address < STUB_MEMORY_START || *address % PAGE != 0 ||
            !is_free(index_of(*address), count))
            return EFI_NOT_FOUND;
        take(index_of(*address), count);
        return EFI_SUCCESS;
    }
    if (firmware->pages_wrap) {
        *address = UINT64_MAX - PAGE + 1;
        return EFI_SUCCESS;
    }
    if (firmware->low_memory_only) {
        firmware->pages_out += count;
        *address = PAGE;
        return EFI_SUCCESS;
    }
    // From the top, as EDK II does.
    for (uint64_t first = PAGES; first-- > 0;) {
        if (is_free(first, count)) {
            take(first, count);
            *address = STUB_MEMORY_START + first * PAGE;
            return EFI_SUCCESS;
        }
    }
    return EFI_OUT_OF_RESOURCES;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN count)
{
    note_call(true);
    firmware->frees++;
    if (firmware->low_memory_only && address < STUB_MEMORY_START) {
        firmware->pages_out -= count;
        return EFI_SUCCESS;
    }
    if (count == 0 || address % PAGE != 0 || address < STUB_MEMORY_START ||
        index_of(address) > PAGES || count > PAGES - index_of(address)) {
        note_misuse("pages were freed that do not exist");
        return EFI_NOT_FOUND;
    }
    for (uint64_t i = index_of(address); i < index_of(address) + count; i++) {
        if (!is_taken[i])
            note_misuse("pages were freed that were not allocated");
        is_taken[i] = false;
    }
    firmware->pages_out -= count;
    map_key++;
    return EFI_SUCCESS;
}

// ── The memory map ──────────────────────────────────────────────────────────────────────────────

struct map_writer {
    unsigned char *to;
    size_t room, size, stride;
};

static void write_descriptor(struct map_writer *map, UINT32 type, uint64_t start, uint64_t pages)
{
    EFI_MEMORY_DESCRIPTOR descriptor = {
        .Type = type, .PhysicalStart = start, .NumberOfPages = pages, .Attribute = EFI_MEMORY_WB};

    if (type == EfiMemoryMappedIO)
        descriptor.Attribute = EFI_MEMORY_UC | EFI_MEMORY_RUNTIME;
    if (map->to && map->size + map->stride <= map->room) {
        memset(map->to + map->size, GARBAGE, map->stride);
        memcpy(map->to + map->size, &descriptor,
               sizeof descriptor < map->stride ? sizeof descriptor : map->stride);
    }
    map->size += map->stride;
}

static void write_map(struct map_writer *map)
{
    // Devices first: no firmware sorts.
    write_descriptor(map, EfiMemoryMappedIO, UINT64_C(0xfec00000), 1);
    for (uint64_t first = 0; first < PAGES;) {
        uint64_t end = first;
        while (end < PAGES && is_taken[end] == is_taken[first])
            end++;
        write_descriptor(map, is_taken[first] ? EfiLoaderData : EfiConventionalMemory,
                         STUB_MEMORY_START + first * PAGE, end - first);
        first = end;
    }
    if (firmware->far_memory != 0)
        write_descriptor(map, EfiConventionalMemory, firmware->far_memory, 1);
    for (unsigned i = 0; i < firmware->growth * firmware->looks; i++)
        write_descriptor(map, EfiRuntimeServicesData, UINT64_C(0x7f000000) + i * 2 * PAGE, 1);
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                        UINTN *stride, UINT32 *version)
{
    struct map_writer map = {(unsigned char *)buffer, buffer ? *size : 0, 0,
                             firmware->stride ? firmware->stride : 48};

    note_call(true);
    write_map(&map);
    firmware->looks++;
    bool fits = map.size <= map.room;
    *size = map.size + firmware->extra_map_bytes;
    *key = map_key;
    *stride = map.stride;
    *version = EFI_MEMORY_DESCRIPTOR_VERSION;
    return fits ? EFI_SUCCESS : EFI_BUFFER_TOO_SMALL;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    note_call(true);
    firmware->exits++;
    if (image != stub_firmware_image())
        note_misuse("ExitBootServices was given another image");
    if (firmware->exit_fails)
        return EFI_DEVICE_ERROR;
    if (firmware->exits <= firmware->stale_keys || key != map_key) {
        map_key++; // a timer of the firmware's came in between
        return EFI_INVALID_PARAMETER;
    }
    firmware->has_exited = true;
    return EFI_SUCCESS;
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

struct open_file {
    EFI_FILE_PROTOCOL interface;
    const struct stub_file *file; // NULL: the root directory
    uint64_t position;
};

static EFI_STATUS EFIAPI close_file(struct _EFI_FILE_HANDLE *handle)
{
    note_call(false);
    firmware->open_files--;
    free(handle);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI read_file(struct _EFI_FILE_HANDLE *handle, UINTN *size, void *to)
{
    struct open_file *open = (struct open_file *)handle;
    uint64_t end = open->file->size;

    note_call(false);
    firmware->reads++;
    if (firmware->reads_fail)
        return EFI_DEVICE_ERROR;
    if (firmware->file_ends_at != 0 && firmware->file_ends_at < end)
        end = firmware->file_ends_at;
    uint64_t left = end > open->position ? end - open->position : 0;
    if (*size > left)
        *size = left;
    if (firmware->read_most != 0 && *size > firmware->read_most)
        *size = firmware->read_most;
    if (firmware->reads_too_much) {
        *size += 1;
        return EFI_SUCCESS;
    }
    memcpy(to, (const char *)open->file->data + open->position, *size);
    open->position += *size;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_info(struct _EFI_FILE_HANDLE *handle, EFI_GUID *what, UINTN *size,
                                  void *to)
{
    static const EFI_GUID file_info = EFI_FILE_INFO_ID;
    EFI_FILE_INFO info = {.FileSize = ((struct open_file *)handle)->file->size};

    note_call(false);
    if (memcmp(what, &file_info, sizeof file_info) != 0)
        return EFI_UNSUPPORTED;
    if (*size < sizeof info) {
        *size = sizeof info;
        return EFI_BUFFER_TOO_SMALL;
    }
    memcpy(to, &info, sizeof info);
    *size = sizeof info;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI open_file(struct _EFI_FILE_HANDLE *folder,
                                   struct _EFI_FILE_HANDLE **handle, CHAR16 *path, UINT64 mode,
                                   UINT64 attributes);

static struct _EFI_FILE_HANDLE *new_handle(const struct stub_file *file)
{
    struct open_file *open = calloc(1, sizeof *open);

    if (!open)
        abort();
    open->interface.Open = open_file;
    open->interface.Close = close_file;
    open->interface.Read = read_file;
    open->interface.GetInfo = get_info;
    open->file = file;
    firmware->open_files++;
    firmware->opened++;
    return &open->interface;
}

static bool is_path(const CHAR16 *path, const char *wanted)
{
    while (*wanted != '\0' && *path == (CHAR16)*wanted) {
        path++;
        wanted++;
    }
    return *wanted == '\0' && *path == 0;
}

static EFI_STATUS EFIAPI open_file(struct _EFI_FILE_HANDLE *folder,
                                   struct _EFI_FILE_HANDLE **handle, CHAR16 *path, UINT64 mode,
                                   UINT64 attributes)
{
    (void)folder;
    note_call(false);
    if (mode != EFI_FILE_MODE_READ || attributes != 0)
        note_misuse("a file was opened for more than reading");
    for (const struct stub_file *file = firmware->files; file->path; file++) {
        if (is_path(path, file->path)) {
            *handle = new_handle(file);
            return EFI_SUCCESS;
        }
    }
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI open_volume(struct _EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume,
                                     struct _EFI_FILE_HANDLE **root)
{
    (void)volume;
    note_call(false);
    *root = new_handle(NULL);
    return EFI_SUCCESS;
}

// ── Protocols ───────────────────────────────────────────────────────────────────────────────────

static EFI_STATUS EFIAPI get_random_bytes(struct _EFI_RNG_PROTOCOL *generator, EFI_GUID *algorithm,
                                          UINTN size, UINT8 *to)
{
    (void)generator;
    (void)algorithm;
    note_call(false);
    memset(to, 7, size);
    return EFI_SUCCESS;
}

static bool is_guid(const EFI_GUID *guid, EFI_GUID wanted)
{
    return memcmp(guid, &wanted, sizeof wanted) == 0;
}

// The first is the console's.
static int screen_handles[2];

static EFI_GRAPHICS_OUTPUT_PROTOCOL *screen_of(EFI_HANDLE handle)
{
    static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION infos[2];
    static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE modes[2];
    static EFI_GRAPHICS_OUTPUT_PROTOCOL screens[2];

    for (int i = 0; i < 2; i++) {
        infos[i] = (EFI_GRAPHICS_OUTPUT_MODE_INFORMATION){
            .HorizontalResolution = 640,
            .VerticalResolution = 480,
            .PixelsPerScanLine = 704,
            .PixelFormat = i == 1 ? PixelBlueGreenRedReserved8BitPerColor : firmware->screen_format,
            .PixelInformation = {0x3ff00000, 0x000ffc00, 0x000003ff, 0xc0000000},
        };
        if (i == 0 && firmware->screen_has_16_bits) {
            infos[i].PixelFormat = PixelBitMask;
            infos[i].PixelInformation = (EFI_PIXEL_BITMASK){0xf800, 0x7e0, 0x1f, 0};
        }
        modes[i] = (EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE){
            .Info = &infos[i],
            .FrameBufferBase = i == 0 && firmware->screen_start != 0
                                   ? firmware->screen_start
                                   : UINT64_C(0xe0000000) - 0x10000000 * (uint64_t)i,
            .FrameBufferSize =
                i == 0 && firmware->screen_size != 0 ? firmware->screen_size : 704 * 480 * 4,
        };
        screens[i] = (EFI_GRAPHICS_OUTPUT_PROTOCOL){.Mode = &modes[i]};
        if (handle == &screen_handles[i] && (i == 0 || firmware->has_second_screen))
            return firmware->has_no_screen ? NULL : &screens[i];
    }
    return NULL;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *protocol, void **interface)
{
    static EFI_FILE_IO_INTERFACE volume = {.OpenVolume = open_volume};

    note_call(false);
    firmware->lookups++;
    if (handle == &image_handle && is_guid(protocol, (EFI_GUID)EFI_LOADED_IMAGE_PROTOCOL_GUID)) {
        *interface = &loaded_image;
        return EFI_SUCCESS;
    }
    if (handle == &volume_handle &&
        is_guid(protocol, (EFI_GUID)EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID)) {
        *interface = &volume;
        return EFI_SUCCESS;
    }
    *interface =
        is_guid(protocol, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID) ? screen_of(handle) : NULL;
    return *interface ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI locate_protocol(EFI_GUID *protocol, void *registration, void **interface)
{
    static EFI_RNG_PROTOCOL generator = {.GetRNG = get_random_bytes};

    note_call(false);
    firmware->lookups++;
    if (registration)
        note_misuse("LocateProtocol was given a registration");
    if (firmware->has_random_numbers && is_guid(protocol, (EFI_GUID)EFI_RNG_PROTOCOL_GUID)) {
        *interface = &generator;
        return EFI_SUCCESS;
    }
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI locate_handle(EFI_LOCATE_SEARCH_TYPE search, EFI_GUID *protocol, void *key,
                                       UINTN *size, EFI_HANDLE *handles)
{
    UINTN count = firmware->has_no_screen ? 0 : firmware->has_second_screen ? 2 : 1;
    UINTN room = *size / sizeof *handles;

    note_call(false);
    firmware->lookups++;
    if (search != ByProtocol || key ||
        !is_guid(protocol, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID))
        note_misuse("LocateHandle was asked for something else");
    if (count == 0)
        return EFI_NOT_FOUND;
    *size = count * sizeof *handles;
    if (room < count)
        return EFI_BUFFER_TOO_SMALL;
    for (UINTN i = 0; i < count; i++)
        handles[i] = &screen_handles[i];
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI output_string(struct _SIMPLE_TEXT_OUTPUT_INTERFACE *console, CHAR16 *text)
{
    (void)console;
    note_call(false);
    firmware->lines++;
    for (; *text != 0; text++)
        if (firmware->console_length < STUB_CONSOLE_SIZE - 1)
            firmware->console[firmware->console_length++] = (char)*text;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_watchdog(UINTN seconds, UINT64 code, UINTN size, CHAR16 *data)
{
    (void)code;
    (void)size;
    (void)data;
    note_call(false);
    if (seconds != 0)
        note_misuse("the watchdog was started");
    return EFI_SUCCESS;
}

// ── The table ───────────────────────────────────────────────────────────────────────────────────

// The addresses of low memory are the tests' own: this is where a sanitizer leaves them free.
static void take_memory(void)
{
    static void *memory;

    memset(is_taken, false, sizeof is_taken);
    if (memory)
        return;
    memory = mmap((void *)(uintptr_t)STUB_MEMORY_START, STUB_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != (void *)(uintptr_t)STUB_MEMORY_START) {
        perror("stub_firmware: the addresses of its memory are not free");
        abort();
    }
}

EFI_HANDLE stub_firmware_image(void)
{
    return &image_handle;
}

EFI_SYSTEM_TABLE *stub_firmware_start(struct stub_firmware *settings)
{
    static SIMPLE_TEXT_OUTPUT_INTERFACE console = {.OutputString = output_string};
    static EFI_CONFIGURATION_TABLE tables[] = {
        {SMBIOS_TABLE_GUID, (void *)0x1000},
        {ACPI_TABLE_GUID, (void *)0x2000},
        {SMBIOS3_TABLE_GUID, (void *)0x3000},
        {ACPI_20_TABLE_GUID, (void *)0x4000},
    };

    firmware = settings;
    take_memory();
    services = (EFI_BOOT_SERVICES){
        .AllocatePages = allocate_pages,
        .FreePages = free_pages,
        .GetMemoryMap = get_memory_map,
        .HandleProtocol = handle_protocol,
        .LocateProtocol = locate_protocol,
        .LocateHandle = locate_handle,
        .ExitBootServices = exit_boot_services,
        .SetWatchdogTimer = set_watchdog,
    };
    loaded_image = (EFI_LOADED_IMAGE){
        .Revision = LOADED_IMAGE_REVISION,
        .DeviceHandle = settings->has_no_volume ? NULL : &volume_handle,
        .ImageBase = (void *)(uintptr_t)STUB_IMAGE_START,
        .ImageSize = STUB_IMAGE_SIZE,
        .LoadOptionsSize = settings->options_size,
        .LoadOptions = (void *)(uintptr_t)settings->options,
    };
    settings->system = (EFI_SYSTEM_TABLE){
        .ConOut = settings->has_no_console ? NULL : &console,
        .ConsoleOutHandle = &screen_handles[0],
        .BootServices = &services,
        .NumberOfTableEntries = settings->has_old_tables ? 2 : 4,
        .ConfigurationTable = tables,
    };
    return &settings->system;
}

bool stub_firmware_said(const struct stub_firmware *settings, const char *text)
{
    return strstr(settings->console, text) != NULL;
}
