// SPDX-License-Identifier: MIT
// A firmware with a quirk: a UEFI application between OVMF and the loader, which takes the loader's
// place, changes what the firmware offers as \quirk.txt says, and starts \loader.efi. A quirk is a
// function and a row of the table below; test_quirks.py has a scenario for each.
#include "arch/x86_64/string.h"
#include "tests/quirks/acpi_edit.h"
#include "tests/quirks/wrapped_loader.h"

static EFI_GUID graphics_output_protocol = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

static EFI_SYSTEM_TABLE *table;
static EFI_LOADED_IMAGE *started; // the loader

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static bool none(void)
{
    return true;
}

// ── Load options ────────────────────────────────────────────────────────────────────────────────

static bool set_options(const void *bytes, UINT32 size)
{
    started->LoadOptions = (void *)(uintptr_t)bytes;
    started->LoadOptionsSize = size;
    return true;
}

static bool ascii_options(void)
{
    return set_options("run=mine exit=1", 16);
}

// A GUID, as boot managers leave one.
static bool binary_options(void)
{
    static const unsigned char guid[] = {0xc8, 0x21, 0x5e, 0xf1, 0x99, 0x8c, 0x53, 0x4a,
                                         0x9e, 0x2f, 0x11, 0x92, 0x33, 0x44, 0x55, 0x66};

    return set_options(guid, sizeof guid);
}

// ── ACPI ────────────────────────────────────────────────────────────────────────────────────────

static bool copy_acpi(void)
{
    return acpi_edit_begin(table, EfiACPIReclaimMemory);
}

// Where coreboot keeps them.
static bool reserved_tables(void)
{
    return acpi_edit_begin(table, EfiReservedMemoryType);
}

static bool unused_entries(void)
{
    bool is_done = copy_acpi();

    acpi_edit_add_entry(0);
    acpi_edit_add_entry(0);
    return is_done;
}

static bool wild_entries(void)
{
    bool is_done = copy_acpi();

    acpi_edit_add_entry(UINT64_MAX - 7);         // its header wraps
    acpi_edit_add_entry(UINT64_C(1) << 51);      // beyond what the processor addresses
    acpi_edit_add_entry(UINT64_C(0xffffffff80)); // nothing is there
    return is_done;
}

static bool control_characters(void)
{
    return copy_acpi() && acpi_edit_add("\n###", 64) && acpi_edit_add("\x1b[2J", 64);
}

static bool damaged_xsdt(void)
{
    bool is_done = copy_acpi() && acpi_edit_add_rsdt();

    acpi_edit_damage_xsdt();
    return is_done;
}

// MADT: ACPI 6.5, 5.2.12.
enum { MADT_STRUCTURES = 44, LOCAL_APIC = 0, LOCAL_X2APIC = 9 };

static void add_x2apic(unsigned char *madt, uint32_t id)
{
    uint32_t length = (uint32_t)acpi_edit_get(madt + 4, 4);
    unsigned char *entry = madt + length;

    entry[0] = LOCAL_X2APIC;
    entry[1] = 16;
    acpi_edit_put(entry + 4, 4, id);
    acpi_edit_put(entry + 8, 4, 1);
    acpi_edit_put(madt + 4, 4, length + 16);
}

static bool repeated_processors(void)
{
    if (!copy_acpi())
        return false;
    unsigned char *madt = acpi_edit_find("APIC");
    const unsigned char *end = madt + acpi_edit_get(madt + 4, 4);
    for (unsigned char *entry = madt + MADT_STRUCTURES; entry < end; entry += entry[1])
        if (entry[0] == LOCAL_APIC)
            add_x2apic(madt, entry[3]);
    add_x2apic(madt, UINT32_MAX);
    acpi_edit_seal(madt);
    return true;
}

static bool disabled_boot_processor(void)
{
    if (!copy_acpi())
        return false;
    unsigned char *madt = acpi_edit_find("APIC");
    acpi_edit_put(madt + MADT_STRUCTURES + 4, 4, 0);
    acpi_edit_seal(madt);
    return true;
}

static bool damaged_madt(void)
{
    if (!copy_acpi())
        return false;
    acpi_edit_find("APIC")[9]++;
    return true;
}

// FADT: ACPI 6.5, table 5.9.
enum { FADT_PM_TMR_BLK = 76, FADT_PM_TMR_LEN = 91, FADT_X_DSDT = 140, FADT_X_PM_TMR_BLK = 208 };
#define UNUSED_PORT 0xb100u // it reads the same at all times

static bool change_timer(unsigned char length)
{
    if (!copy_acpi())
        return false;
    unsigned char *fadt = acpi_edit_find("FACP");
    acpi_edit_put(fadt + FADT_PM_TMR_BLK, 4, UNUSED_PORT);
    acpi_edit_put(fadt + FADT_X_PM_TMR_BLK + 4, 8, 0);
    fadt[FADT_PM_TMR_LEN] = length;
    acpi_edit_seal(fadt);
    return true;
}

static bool standing_timer(void)
{
    return change_timer(4);
}

static bool no_timer(void)
{
    return change_timer(0);
}

static bool move_dsdt(uint64_t address)
{
    if (!copy_acpi())
        return false;
    unsigned char *fadt = acpi_edit_find("FACP");
    acpi_edit_put(fadt + FADT_X_DSDT, 8, address);
    acpi_edit_seal(fadt);
    return true;
}

static bool x_dsdt_nowhere(void)
{
    return move_dsdt(0x100000);
}

static bool x_dsdt_that_wraps(void)
{
    return move_dsdt(UINT64_MAX - 15);
}

static bool damaged_dsdt(void)
{
    if (!copy_acpi())
        return false;
    acpi_edit_find("DSDT")[9]++;
    return true;
}

static bool no_dsdt(void)
{
    if (!copy_acpi())
        return false;
    acpi_edit_find("DSDT")[0] = 'X';
    return true;
}

// SPCR: a 16550 in memory at `address`, its registers four bytes apart.
static bool serial_port_at(uint64_t address)
{
    unsigned char *spcr = copy_acpi() ? acpi_edit_add("SPCR", 80) : NULL;

    if (!spcr)
        return false;
    spcr[36] = 0x12;
    spcr[41] = 32;
    acpi_edit_put(spcr + 44, 8, address);
    acpi_edit_seal(spcr);
    return true;
}

static bool serial_port_that_wraps(void)
{
    return serial_port_at(UINT64_MAX - 3);
}

static bool serial_port_beyond(void)
{
    return serial_port_at(UINT64_C(1) << 51);
}

// ── The screen ──────────────────────────────────────────────────────────────────────────────────

#define SCREENS_MAX 16

// Changes the mode of every graphics output: the console's may be a copy of a card's.
static bool change_screens(void (*change)(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode))
{
    EFI_HANDLE handles[SCREENS_MAX];
    UINTN size = sizeof handles;

    if (EFI_ERROR(table->BootServices->LocateHandle(ByProtocol, &graphics_output_protocol, NULL,
                                                    &size, handles)))
        return false;
    for (UINTN i = 0; i < size / sizeof handles[0]; i++) {
        EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
        if (!EFI_ERROR(table->BootServices->HandleProtocol(handles[i], &graphics_output_protocol,
                                                           (void **)&screen)))
            change(screen->Mode);
    }
    return true;
}

static void wrap_screen(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferBase = UINT64_MAX - 0xfff;
}

static void move_screen_beyond(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferBase = UINT64_C(1) << 51;
}

static void take_lines(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info->PixelsPerScanLine = 0;
}

static void take_half_of_the_bits(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info->PixelFormat = PixelBitMask;
    mode->Info->PixelInformation = (EFI_PIXEL_BITMASK){0xf800, 0x7e0, 0x1f, 0};
}

static bool screen_of_16_bits(void)
{
    return change_screens(take_half_of_the_bits);
}

static bool screen_that_wraps(void)
{
    return change_screens(wrap_screen);
}

static bool screen_beyond(void)
{
    return change_screens(move_screen_beyond);
}

static bool screen_without_lines(void)
{
    return change_screens(take_lines);
}

// ── Memory map and exit ─────────────────────────────────────────────────────────────────────────

static EFI_GET_MEMORY_MAP get_memory_map; // the firmware's
static EFI_EXIT_BOOT_SERVICES exit_boot_services;

#define FURTHER 4 // descriptors

// The firmware's map, and behind it descriptors that no firmware should give: the first one twice,
// a reserved one that wraps, an empty one, one of a type that is not defined.
static EFI_STATUS EFIAPI get_wild_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *buffer, UINTN *key,
                                      UINTN *stride, UINT32 *version)
{
    UINTN room = *size;
    EFI_STATUS status = get_memory_map(size, buffer, key, stride, version);
    UINTN given = *size;

    *size += FURTHER * *stride;
    if (EFI_ERROR(status))
        return status;
    if (room < *size)
        return EFI_BUFFER_TOO_SMALL;
    unsigned char *at = (unsigned char *)buffer + given;
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
    get_memory_map = table->BootServices->GetMemoryMap;
    table->BootServices->GetMemoryMap = get_wild_map;
    return true;
}

static EFI_STATUS EFIAPI exit_with_stale_key(EFI_HANDLE image, UINTN key)
{
    static int tries;

    return tries++ < 3 ? EFI_INVALID_PARAMETER : exit_boot_services(image, key);
}

static bool stale_key(void)
{
    exit_boot_services = table->BootServices->ExitBootServices;
    table->BootServices->ExitBootServices = exit_with_stale_key;
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
    table->BootServices->ExitBootServices = fail_to_exit;
    return true;
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────

static const struct {
    const char *name;
    bool (*apply)(void); // returns false iff this machine cannot have it
} quirks[] = {
    {"none", none},
    {"ascii_options", ascii_options},
    {"binary_options", binary_options},
    {"reserved_tables", reserved_tables},
    {"unused_entries", unused_entries},
    {"wild_entries", wild_entries},
    {"control_characters", control_characters},
    {"damaged_xsdt", damaged_xsdt},
    {"repeated_processors", repeated_processors},
    {"disabled_boot_processor", disabled_boot_processor},
    {"damaged_madt", damaged_madt},
    {"standing_timer", standing_timer},
    {"no_timer", no_timer},
    {"x_dsdt_nowhere", x_dsdt_nowhere},
    {"x_dsdt_that_wraps", x_dsdt_that_wraps},
    {"damaged_dsdt", damaged_dsdt},
    {"no_dsdt", no_dsdt},
    {"serial_port_that_wraps", serial_port_that_wraps},
    {"serial_port_beyond", serial_port_beyond},
    {"screen_of_16_bits", screen_of_16_bits},
    {"screen_that_wraps", screen_that_wraps},
    {"screen_beyond", screen_beyond},
    {"screen_without_lines", screen_without_lines},
    {"wild_map", wild_map},
    {"stale_key", stale_key},
    {"failing_exit", failing_exit},
};

static bool apply(const char *name, UINTN size)
{
    for (unsigned i = 0; i < sizeof quirks / sizeof quirks[0]; i++) {
        UINTN length = 0;
        while (quirks[i].name[length] != '\0')
            length++;
        if (length == size && memcmp(name, quirks[i].name, size) == 0)
            return quirks[i].apply();
    }
    return false;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct wrapped_loader loader;

    table = system;
    EFI_STATUS status = wrapped_loader_open(&loader, image, system, L"\\quirk.txt");
    if (EFI_ERROR(status))
        return status;
    started = loader.image;
    return apply(loader.words, loader.size)
               ? system->BootServices->StartImage(loader.handle, NULL, NULL)
               : EFI_UNSUPPORTED;
}
