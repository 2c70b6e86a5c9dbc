// SPDX-License-Identifier: MIT
// The UEFI calls behind firmware.h.
#include "boot/loader/firmware.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/string.h"

// With GUIDs of its own the loader links nothing of the GNU-EFI library but its start code. Not
// const, because the prototypes of the services lack it.
static EFI_GUID loaded_image_protocol = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID file_system_protocol = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID file_info = EFI_FILE_INFO_ID;
static EFI_GUID graphics_output_protocol = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
static EFI_GUID random_number_protocol = EFI_RNG_PROTOCOL_GUID;

#define EXIT_TRIES 8
#define GRAPHICS_OUTPUTS_MAX 16
#define LOW_MEMORY (UINT64_C(1) << 20)
#define MAP_SLACK 32                 // descriptors
#define MAP_MAX (UINT64_C(64) << 20) // bytes, of the map and of a descriptor; a bound for sums

// UEFI 4.3 lets both be NULL, for a machine without a console.
static SIMPLE_TEXT_OUTPUT_INTERFACE *console_of(const EFI_SYSTEM_TABLE *system)
{
    return system->ConOut ? system->ConOut : system->StdErr;
}

bool firmware_has_console(const struct firmware *firmware)
{
    return console_of(firmware->system) != NULL;
}

// The firmware's console takes UCS-2, NUL-terminated, with a carriage return before each line feed
// (UEFI 12.4.3). It gets whole lines, because each call is slow.
static void write_console(void *context, const char *text, size_t length)
{
    struct firmware *firmware = context;
    SIMPLE_TEXT_OUTPUT_INTERFACE *out = console_of(firmware->system);

    if (!out)
        return;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            firmware->line[firmware->line_length++] = '\r';
        firmware->line[firmware->line_length++] = (CHAR16)(unsigned char)text[i];
        if (text[i] == '\n' || firmware->line_length >= FIRMWARE_LINE - 2) {
            firmware->line[firmware->line_length] = 0;
            out->OutputString(out, firmware->line);
            firmware->line_length = 0;
        }
    }
}

void firmware_open(struct firmware *firmware, EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    *firmware =
        (struct firmware){.image = image, .system = system, .console = {write_console, firmware}};
    system->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
    if (EFI_ERROR(system->BootServices->HandleProtocol(image, &loaded_image_protocol,
                                                       (void **)&firmware->loaded)))
        firmware->loaded = NULL;
}

void firmware_print_status(const struct writer *writer, EFI_STATUS status)
{
    static const char *const errors[] = {
        "Success",          "Load Error",           "Invalid Parameter",
        "Unsupported",      "Bad Buffer Size",      "Buffer Too Small",
        "Not Ready",        "Device Error",         "Write Protected",
        "Out of Resources", "Volume Corrupt",       "Volume Full",
        "No Media",         "Media Changed",        "Not Found",
        "Access Denied",    "No Response",          "No Mapping",
        "Time Out",         "Not Started",          "Already Started",
        "Aborted",          "ICMP Error",           "TFTP Error",
        "Protocol Error",   "Incompatible Version", "Security Violation",
        "CRC Error",        "End of Media",         "Reserved 29",
        "Reserved 30",      "End of File",          "Invalid Language",
        "Compromised Data",
    };
    uint64_t number = status & ~EFI_ERROR_MASK;

    if ((EFI_ERROR(status) || number == 0) && number < sizeof errors / sizeof errors[0])
        writer_print(writer, "%s", errors[number]);
    else
        writer_print(writer, "status 0x%llx", (unsigned long long)status);
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

static UINTN pages_of(uint64_t size)
{
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

EFI_STATUS firmware_allocate(struct firmware *firmware, uint64_t size, uint64_t align,
                             struct firmware_pages *pages)
{
    EFI_BOOT_SERVICES *services = firmware->system->BootServices;
    UINTN wanted = pages_of(size);
    UINTN spare = align / PAGE_SIZE - 1;
    EFI_PHYSICAL_ADDRESS start = 0;

    *pages = (struct firmware_pages){0};
    EFI_STATUS status =
        services->AllocatePages(AllocateAnyPages, EfiLoaderData, wanted + spare, &start);
    if (EFI_ERROR(status))
        return status;
    if (start % PAGE_SIZE != 0 || wanted + spare > (UINT64_MAX - start) / PAGE_SIZE)
        return EFI_DEVICE_ERROR; // no pages that exist: nothing can be freed either
    pages->start = page_round_up(start, align);
    pages->pages = wanted;
    pages->before = (pages->start - start) / PAGE_SIZE;
    pages->behind = spare - pages->before;
    if (pages->start >= LOW_MEMORY)
        return EFI_SUCCESS;
    firmware_free(firmware, pages);
    return EFI_OUT_OF_RESOURCES;
}

EFI_STATUS firmware_allocate_at(struct firmware *firmware, uint64_t size,
                                EFI_PHYSICAL_ADDRESS start, struct firmware_pages *pages)
{
    UINTN wanted = pages_of(size);
    EFI_STATUS status = firmware->system->BootServices->AllocatePages(
        AllocateAddress, EfiLoaderData, wanted, &start);

    *pages = (struct firmware_pages){.start = start, .pages = EFI_ERROR(status) ? 0 : wanted};
    return status;
}

void firmware_free(struct firmware *firmware, struct firmware_pages *pages)
{
    if (pages->pages > 0)
        firmware->system->BootServices->FreePages(pages->start - pages->before * PAGE_SIZE,
                                                  pages->before + pages->pages + pages->behind);
    *pages = (struct firmware_pages){0};
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

static EFI_STATUS open_volume(struct firmware *firmware)
{
    EFI_BOOT_SERVICES *services = firmware->system->BootServices;
    EFI_FILE_IO_INTERFACE *volume = NULL;

    if (firmware->volume)
        return EFI_SUCCESS;
    // A loader that was started from memory or over a network has no volume of its own.
    if (!firmware->loaded || !firmware->loaded->DeviceHandle ||
        EFI_ERROR(services->HandleProtocol(firmware->loaded->DeviceHandle, &file_system_protocol,
                                           (void **)&volume)))
        return EFI_NO_MEDIA;
    EFI_STATUS status = volume->OpenVolume(volume, &firmware->volume);
    if (EFI_ERROR(status))
        firmware->volume = NULL;
    return status;
}

void firmware_close_volume(struct firmware *firmware)
{
    if (firmware->volume)
        firmware->volume->Close(firmware->volume);
    firmware->volume = NULL;
}

static EFI_STATUS file_size(EFI_FILE_HANDLE file, uint64_t *size)
{
    // EFI_FILE_INFO ends with the file's name, of which FAT allows 255 characters.
    union {
        EFI_FILE_INFO info;
        unsigned char bytes[sizeof(EFI_FILE_INFO) + 256 * sizeof(CHAR16)];
    } buffer;
    UINTN length = sizeof buffer;

    EFI_STATUS status = file->GetInfo(file, &file_info, &length, &buffer);
    if (!EFI_ERROR(status))
        *size = buffer.info.FileSize;
    return status;
}

static EFI_STATUS read_whole(EFI_FILE_HANDLE file, EFI_PHYSICAL_ADDRESS to, uint64_t size)
{
    for (uint64_t done = 0; done < size;) {
        UINTN length = size - done;
        EFI_STATUS status = file->Read(file, &length, (void *)(uintptr_t)(to + done));
        if (EFI_ERROR(status))
            return status;
        if (length == 0)
            return EFI_END_OF_FILE;
        if (length > size - done)
            return EFI_DEVICE_ERROR;
        done += length;
    }
    return EFI_SUCCESS;
}

EFI_STATUS firmware_read_file(struct firmware *firmware, const CHAR16 *name, uint64_t most,
                              void *buffer, struct firmware_pages *pages, uint64_t *size)
{
    EFI_FILE_HANDLE file = NULL;

    *pages = (struct firmware_pages){0};
    *size = 0;
    EFI_STATUS status = open_volume(firmware);
    if (EFI_ERROR(status))
        return status;
    // Open() does not change the name; its prototype lacks the const.
    status = firmware->volume->Open(firmware->volume, &file, (CHAR16 *)(uintptr_t)name,
                                    EFI_FILE_MODE_READ, 0);
    if (EFI_ERROR(status))
        return status;
    status = file_size(file, size);
    if (!EFI_ERROR(status) && *size > most)
        status = EFI_BAD_BUFFER_SIZE;
    if (!EFI_ERROR(status) && *size > 0 && !buffer)
        status = firmware_allocate(firmware, *size, PAGE_SIZE, pages);
    if (!EFI_ERROR(status))
        status = read_whole(file, buffer ? (uintptr_t)buffer : pages->start, *size);
    if (EFI_ERROR(status))
        firmware_free(firmware, pages);
    file->Close(file);
    return status;
}

// ── What the firmware knows ─────────────────────────────────────────────────────────────────────

struct firmware_options firmware_load_options(const struct firmware *firmware)
{
    const EFI_LOADED_IMAGE *loaded = firmware->loaded;

    if (!loaded || !loaded->LoadOptions)
        return (struct firmware_options){NULL, 0};
    return (struct firmware_options){loaded->LoadOptions, loaded->LoadOptionsSize};
}

EFI_STATUS firmware_random(struct firmware *firmware, uint64_t *number)
{
    EFI_RNG_PROTOCOL *generator = NULL;
    EFI_STATUS status = firmware->system->BootServices->LocateProtocol(&random_number_protocol,
                                                                       NULL, (void **)&generator);

    if (EFI_ERROR(status))
        return status;
    return generator->GetRNG(generator, NULL, sizeof *number, (UINT8 *)number);
}

static bool same_guid(const EFI_GUID *a, const EFI_GUID *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

struct firmware_tables firmware_find_tables(const struct firmware *firmware)
{
    static const EFI_GUID acpi_20 = ACPI_20_TABLE_GUID;
    static const EFI_GUID acpi_10 = ACPI_TABLE_GUID;
    static const EFI_GUID smbios_3 = SMBIOS3_TABLE_GUID;
    static const EFI_GUID smbios_2 = SMBIOS_TABLE_GUID;
    struct firmware_tables older = {0}, newer = {0};

    for (UINTN i = 0; i < firmware->system->NumberOfTableEntries; i++) {
        const EFI_CONFIGURATION_TABLE *entry = &firmware->system->ConfigurationTable[i];
        uint64_t address = (uintptr_t)entry->VendorTable;
        if (same_guid(&entry->VendorGuid, &acpi_20))
            newer.acpi_rsdp = address;
        else if (same_guid(&entry->VendorGuid, &acpi_10))
            older.acpi_rsdp = address;
        else if (same_guid(&entry->VendorGuid, &smbios_3))
            newer.smbios = address;
        else if (same_guid(&entry->VendorGuid, &smbios_2))
            older.smbios = address;
    }
    return (struct firmware_tables){
        .acpi_rsdp = newer.acpi_rsdp ? newer.acpi_rsdp : older.acpi_rsdp,
        .acpi_rsdp_1 = newer.acpi_rsdp ? older.acpi_rsdp : 0,
        .smbios = newer.smbios ? newer.smbios : older.smbios,
    };
}

// The colour that a format names first is the lowest byte: UEFI 12.9.2.1.
static EFI_PIXEL_BITMASK masks_of(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info)
{
    switch (info->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        return (EFI_PIXEL_BITMASK){0xff, 0xff00, 0xff0000, 0xff000000};
    case PixelBlueGreenRedReserved8BitPerColor:
        return (EFI_PIXEL_BITMASK){0xff0000, 0xff00, 0xff, 0xff000000};
    default:
        return info->PixelInformation;
    }
}

// Whether a framebuffer is there, of four bytes a pixel: the highest bit of the masks, that of the
// reserved bits included, is in the last of them.
static bool is_drawable(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info)
{
    const EFI_PIXEL_BITMASK *mask = &info->PixelInformation;

    if (info->PixelFormat == PixelBitMask)
        return (mask->RedMask | mask->GreenMask | mask->BlueMask | mask->ReservedMask) >> 24 != 0;
    return info->PixelFormat != PixelBltOnly;
}

static uint64_t line_size(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info)
{
    return info->PixelsPerScanLine * UINT64_C(4);
}

// Whether its numbers agree: its lines fit into it, and it does not wrap.
static bool is_consistent(const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info = mode->Info;
    uint64_t line = line_size(info);
    struct range bytes;

    return range_of(&bytes, mode->FrameBufferBase, mode->FrameBufferSize) &&
           bytes.end <= paging_physical_end() && line != 0 &&
           info->PixelsPerScanLine >= info->HorizontalResolution &&
           info->VerticalResolution <= mode->FrameBufferSize / line;
}

// The graphics output of a handle, if it has such a framebuffer; else NULL.
static const EFI_GRAPHICS_OUTPUT_PROTOCOL *graphics_of(struct firmware *firmware, EFI_HANDLE handle)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;

    if (!handle || EFI_ERROR(firmware->system->BootServices->HandleProtocol(
                       handle, &graphics_output_protocol, (void **)&gop)))
        return NULL;
    return gop->Mode && gop->Mode->Info && is_drawable(gop->Mode->Info) &&
                   gop->Mode->FrameBufferSize != 0
               ? gop
               : NULL;
}

// The first of all outputs, or of those whose numbers agree.
static const EFI_GRAPHICS_OUTPUT_PROTOCOL *find_output(struct firmware *firmware,
                                                       bool must_be_consistent)
{
    EFI_HANDLE handles[GRAPHICS_OUTPUTS_MAX];
    UINTN size = sizeof handles;

    if (EFI_ERROR(firmware->system->BootServices->LocateHandle(
            ByProtocol, &graphics_output_protocol, NULL, &size, handles)))
        return NULL;
    for (UINTN i = 0; i < size / sizeof handles[0]; i++) {
        const EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = graphics_of(firmware, handles[i]);
        if (gop && (!must_be_consistent || is_consistent(gop->Mode)))
            return gop;
    }
    return NULL;
}

// The console's output first: the firmware shows it. Its driver may be one for several cards,
// without a framebuffer of its own. Of one whose numbers do not agree the kernel says what is
// wrong.
static const EFI_GRAPHICS_OUTPUT_PROTOCOL *find_graphics(struct firmware *firmware)
{
    const EFI_GRAPHICS_OUTPUT_PROTOCOL *own =
        graphics_of(firmware, firmware->system->ConsoleOutHandle);

    if (own && is_consistent(own->Mode))
        return own;
    const EFI_GRAPHICS_OUTPUT_PROTOCOL *other = find_output(firmware, true);
    if (!other)
        return own ? own : find_output(firmware, false);
    writer_print(&firmware->console,
                 "loader: screen: of the graphics outputs one that is not the console's, which has "
                 "no good framebuffer\n");
    return other;
}

struct firmware_framebuffer firmware_find_framebuffer(struct firmware *firmware)
{
    const EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = find_graphics(firmware);

    if (!gop)
        return (struct firmware_framebuffer){0};
    return (struct firmware_framebuffer){
        .physical = gop->Mode->FrameBufferBase,
        // Some firmware gives all memory of the card.
        .size = is_consistent(gop->Mode)
                    ? line_size(gop->Mode->Info) * gop->Mode->Info->VerticalResolution
                    : gop->Mode->FrameBufferSize,
        .width = gop->Mode->Info->HorizontalResolution,
        .height = gop->Mode->Info->VerticalResolution,
        .pixels_per_line = gop->Mode->Info->PixelsPerScanLine,
        .format = (uint32_t)gop->Mode->Info->PixelFormat,
        .masks = masks_of(gop->Mode->Info),
    };
}

// ── Memory map and exit ─────────────────────────────────────────────────────────────────────────

// GetMemoryMap, its answer checked. `key` names this state of the map.
static EFI_STATUS get_map(struct firmware *firmware, void *buffer, uint64_t capacity,
                          struct memory_map *map, uint32_t *version, UINTN *key)
{
    UINTN size = capacity, stride = 0;
    EFI_STATUS status =
        firmware->system->BootServices->GetMemoryMap(&size, buffer, key, &stride, version);

    *map = (struct memory_map){buffer, size, stride};
    if (EFI_ERROR(status))
        return status;
    if (stride < MEMORY_DESCRIPTOR_SIZE || size % stride != 0)
        return EFI_INCOMPATIBLE_VERSION;
    return size <= capacity ? EFI_SUCCESS : EFI_BUFFER_TOO_SMALL;
}

const char *firmware_map_defect(EFI_STATUS status)
{
    switch (status) {
    case EFI_BUFFER_TOO_SMALL:
        return "it has grown beyond the room that was made for it";
    case EFI_INCOMPATIBLE_VERSION:
        return "it is not made of descriptors of 40 bytes or more";
    default:
        return "the firmware fails to give it";
    }
}

EFI_STATUS firmware_map_capacity(struct firmware *firmware, uint64_t *capacity)
{
    struct memory_map map;
    uint32_t version;
    UINTN key;
    EFI_STATUS status = get_map(firmware, NULL, 0, &map, &version, &key);

    if (status != EFI_BUFFER_TOO_SMALL)
        return EFI_ERROR(status) ? status : EFI_DEVICE_ERROR;
    if (map.stride < MEMORY_DESCRIPTOR_SIZE || map.stride > MAP_MAX || map.size > MAP_MAX)
        return EFI_INCOMPATIBLE_VERSION;
    *capacity = page_round_up(map.size + MAP_SLACK * map.stride, PAGE_SIZE);
    return EFI_SUCCESS;
}

EFI_STATUS firmware_read_map(struct firmware *firmware, void *buffer, uint64_t capacity,
                             struct memory_map *map)
{
    uint32_t version;
    UINTN key;

    return get_map(firmware, buffer, capacity, map, &version, &key);
}

EFI_STATUS firmware_copy_map(struct firmware *firmware, struct firmware_pages *pages,
                             struct memory_map *map)
{
    uint64_t capacity = 0;
    EFI_STATUS status = firmware_map_capacity(firmware, &capacity);

    *pages = (struct firmware_pages){0};
    if (EFI_ERROR(status))
        return status;
    status = firmware_allocate(firmware, capacity, PAGE_SIZE, pages);
    if (EFI_ERROR(status))
        return status;
    status = firmware_read_map(firmware, (void *)(uintptr_t)pages->start, capacity, map);
    if (EFI_ERROR(status))
        firmware_free(firmware, pages);
    return status;
}

enum firmware_exit firmware_exit(struct firmware *firmware, void *buffer, uint64_t capacity,
                                 struct memory_map *map, uint32_t *version, EFI_STATUS *status)
{
    enum firmware_exit failed = FIRMWARE_INTACT;

    for (int i = 0; i < EXIT_TRIES; i++) {
        UINTN key = 0;
        *status = get_map(firmware, buffer, capacity, map, version, &key);
        if (EFI_ERROR(*status))
            return failed;
        *status = firmware->system->BootServices->ExitBootServices(firmware->image, key);
        if (!EFI_ERROR(*status))
            return FIRMWARE_EXITED;
        failed = FIRMWARE_EXIT_FAILED;
        if (*status != EFI_INVALID_PARAMETER) // an error that a new key does not mend
            return failed;
    }
    return failed;
}
