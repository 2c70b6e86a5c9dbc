// SPDX-License-Identifier: MIT
// The boot waiter: a UEFI application that lets the harness start a boot where the firmware ends.
// It is booted once, and the machine is saved while it waits (tests/harness/snapshot.py). A machine
// restored from there offers a file of its own through QEMU's fw_cfg, and the waiter goes on as the
// firmware's boot manager would: it starts \EFI\BOOT\BOOTX64.EFI of the volume, or the application
// that fw_cfg offers, whatever that is, and returns to the firmware when that does.
#include "arch/x86_64/io.h"
#include "arch/x86_64/string.h"

#include <efi.h>

// QEMU, docs/specs/fw_cfg.rst.
#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA 0x511
#define FW_CFG_FILE_DIR 0x19
#define FW_CFG_NAME_SIZE 56

#define DEBUG_PORT 0xe9 // the Bochs convention, for machines without a serial port

#define LOOK_EVERY_US 1000

#define LOADER_PATH L"\\EFI\\BOOT\\BOOTX64.EFI"

struct fw_cfg_entry {
    UINT32 size;
    UINT16 key;
    char name[FW_CFG_NAME_SIZE];
};

static EFI_GUID loaded_image_protocol = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID device_path_protocol = EFI_DEVICE_PATH_PROTOCOL_GUID;

static EFI_SYSTEM_TABLE *firmware;

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        CHAR16 character[] = {(CHAR16)*text, 0};
        firmware->ConOut->OutputString(firmware->ConOut, character);
        outb(DEBUG_PORT, (UINT8)*text);
    }
}

// ── What QEMU offers ────────────────────────────────────────────────────────────────────────────

static void read_bytes(void *to, UINTN size)
{
    for (UINTN i = 0; i < size; i++)
        ((UINT8 *)to)[i] = inb(FW_CFG_DATA);
}

static UINT32 read_big_endian(UINTN size)
{
    UINT32 value = 0;

    for (UINTN i = 0; i < size; i++)
        value = value << 8 | inb(FW_CFG_DATA);
    return value;
}

static BOOLEAN is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

static BOOLEAN find(const char *name, struct fw_cfg_entry *entry)
{
    outw(FW_CFG_SELECTOR, FW_CFG_FILE_DIR);
    for (UINT32 left = read_big_endian(4); left > 0; left--) {
        entry->size = read_big_endian(4);
        entry->key = (UINT16)read_big_endian(2);
        read_big_endian(2); // reserved
        read_bytes(entry->name, FW_CFG_NAME_SIZE);
        if (is_same(entry->name, name))
            return TRUE;
    }
    return FALSE;
}

// ── What is started ─────────────────────────────────────────────────────────────────────────────

static EFI_STATUS load_from_fw_cfg(EFI_HANDLE parent, EFI_HANDLE *loader)
{
    struct fw_cfg_entry entry;
    void *file;

    if (!find("opt/harness/loader.efi", &entry))
        return EFI_NOT_FOUND;
    EFI_STATUS status = firmware->BootServices->AllocatePool(EfiLoaderData, entry.size, &file);
    if (EFI_ERROR(status))
        return status;
    outw(FW_CFG_SELECTOR, entry.key);
    read_bytes(file, entry.size);
    status = firmware->BootServices->LoadImage(FALSE, parent, NULL, file, entry.size, loader);
    firmware->BootServices->FreePool(file);
    return status;
}

static UINTN node_length(const EFI_DEVICE_PATH *node)
{
    return (UINTN)(node->Length[0] | node->Length[1] << 8);
}

// The device path of a volume with the loader's name behind it. NULL: no memory.
static EFI_DEVICE_PATH *loader_path(const EFI_DEVICE_PATH *volume)
{
    const UINT8 *from = (const UINT8 *)volume;
    UINTN length = 0;
    UINT8 *to;

    while (!IsDevicePathEnd((const EFI_DEVICE_PATH *)(from + length)))
        length += node_length((const EFI_DEVICE_PATH *)(from + length));
    UINTN named = sizeof(EFI_DEVICE_PATH) + sizeof LOADER_PATH;
    if (EFI_ERROR(firmware->BootServices->AllocatePool(
            EfiLoaderData, length + named + sizeof(EFI_DEVICE_PATH), (void **)&to)))
        return NULL;
    const EFI_DEVICE_PATH name = {MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, {(UINT8)named, 0}};
    const EFI_DEVICE_PATH end = {
        END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, {sizeof end, 0}};
    memcpy(to, from, length);
    memcpy(to + length, &name, sizeof name);
    memcpy(to + length + sizeof name, LOADER_PATH, sizeof LOADER_PATH);
    memcpy(to + length + named, &end, sizeof end);
    return (EFI_DEVICE_PATH *)to;
}

// What the file system's driver remembers is of the volume that was there when the machine was
// saved.
static EFI_STATUS load_from_volume(EFI_HANDLE parent, EFI_HANDLE volume, EFI_HANDLE *loader)
{
    EFI_DEVICE_PATH *path;

    firmware->BootServices->DisconnectController(volume, NULL, NULL);
    firmware->BootServices->ConnectController(volume, NULL, NULL, TRUE);
    EFI_STATUS status =
        firmware->BootServices->HandleProtocol(volume, &device_path_protocol, (void **)&path);
    if (EFI_ERROR(status))
        return status;
    path = loader_path(path);
    if (!path)
        return EFI_OUT_OF_RESOURCES;
    return firmware->BootServices->LoadImage(FALSE, parent, path, NULL, 0, loader);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct fw_cfg_entry go;
    EFI_LOADED_IMAGE *self;
    EFI_HANDLE loader;

    firmware = system;
    system->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
    say("boot_waiter: waiting\r\n");
    while (!find("opt/harness/go", &go))
        system->BootServices->Stall(LOOK_EVERY_US);

    EFI_STATUS status = load_from_fw_cfg(image, &loader);
    if (status == EFI_NOT_FOUND) {
        status =
            system->BootServices->HandleProtocol(image, &loaded_image_protocol, (void **)&self);
        if (!EFI_ERROR(status))
            status = load_from_volume(image, self->DeviceHandle, &loader);
    }
    if (EFI_ERROR(status)) {
        say("boot_waiter: the firmware rejects the loader\r\n");
        return status;
    }
    return system->BootServices->StartImage(loader, NULL, NULL);
}
