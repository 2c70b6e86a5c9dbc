// SPDX-License-Identifier: MIT
// The two files of wrapped_loader.h.
#include "tests/quirks/wrapped_loader.h"

static EFI_GUID loaded_image_protocol = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID file_system_protocol = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID file_info = EFI_FILE_INFO_ID;

// The whole file, in memory of its own; NULL: it cannot be read.
static char *read_file(EFI_BOOT_SERVICES *services, EFI_FILE_HANDLE folder, CHAR16 *name,
                       UINTN *size)
{
    union {
        EFI_FILE_INFO info;
        unsigned char bytes[sizeof(EFI_FILE_INFO) + 512];
    } buffer;
    UINTN length = sizeof buffer;
    EFI_FILE_HANDLE file;
    void *text = NULL;

    if (EFI_ERROR(folder->Open(folder, &file, name, EFI_FILE_MODE_READ, 0)))
        return NULL;
    if (!EFI_ERROR(file->GetInfo(file, &file_info, &length, &buffer))) {
        *size = buffer.info.FileSize;
        if (EFI_ERROR(services->AllocatePool(EfiLoaderData, *size, &text)) ||
            EFI_ERROR(file->Read(file, size, text)))
            text = NULL;
    }
    file->Close(file);
    return text;
}

EFI_STATUS wrapped_loader_open(struct wrapped_loader *loader, EFI_HANDLE self,
                               EFI_SYSTEM_TABLE *system, CHAR16 *name)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    EFI_LOADED_IMAGE *own;
    EFI_FILE_IO_INTERFACE *volume;
    EFI_FILE_HANDLE root;
    UINTN size;

    if (EFI_ERROR(services->HandleProtocol(self, &loaded_image_protocol, (void **)&own)) ||
        EFI_ERROR(
            services->HandleProtocol(own->DeviceHandle, &file_system_protocol, (void **)&volume)) ||
        EFI_ERROR(volume->OpenVolume(volume, &root)))
        return EFI_NO_MEDIA;
    loader->words = read_file(services, root, name, &loader->size);
    char *file = read_file(services, root, L"\\loader.efi", &size);
    root->Close(root);
    if (!loader->words || !file)
        return EFI_NOT_FOUND;
    EFI_STATUS status = services->LoadImage(FALSE, self, NULL, file, size, &loader->handle);
    if (EFI_ERROR(status))
        return status;
    status =
        services->HandleProtocol(loader->handle, &loaded_image_protocol, (void **)&loader->image);
    if (!EFI_ERROR(status))
        loader->image->DeviceHandle = own->DeviceHandle; // loaded from memory it has no volume
    return status;
}
