// SPDX-License-Identifier: MIT
// Quirks of the load options, and of what the firmware knows of the loader.
#include "arch/x86_64/string.h"
#include "tests/quirks/quirk.h"

static bool set_options(const void *bytes, UINT32 size)
{
    quirk_loader->LoadOptions = (void *)(uintptr_t)bytes;
    quirk_loader->LoadOptionsSize = size;
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

static CHAR16 long_text[5000];

static bool long_options(void)
{
    for (UINTN i = 0; i < sizeof long_text / sizeof long_text[0]; i++)
        long_text[i] = 'a';
    return set_options(long_text, sizeof long_text);
}

static bool options_without_an_end(void)
{
    return set_options(L"run=mine exit-port=0xf4#", 2 * 23);
}

static bool options_of_an_odd_size(void)
{
    return set_options(L"run=mine exit-port=0xf4###", 2 * 26 + 1);
}

static bool options_at_no_address(void)
{
    return set_options(NULL, 1000);
}

static bool image_of_no_size(void)
{
    quirk_loader->ImageSize = 0;
    return true;
}

static bool image_nowhere(void)
{
    quirk_loader->ImageBase = (void *)(uintptr_t)0xfffffffffffff000;
    return true;
}

static bool no_volume(void)
{
    quirk_loader->DeviceHandle = NULL;
    return true;
}

static EFI_HANDLE_PROTOCOL handle_protocol; // the firmware's

static EFI_STATUS EFIAPI fail_loaded_image(EFI_HANDLE handle, EFI_GUID *protocol, void **interface)
{
    static const EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;

    return memcmp(protocol, &loaded_image, sizeof loaded_image) == 0
               ? EFI_UNSUPPORTED
               : handle_protocol(handle, protocol, interface);
}

static bool unknown_loader(void)
{
    handle_protocol = quirk_system->BootServices->HandleProtocol;
    quirk_system->BootServices->HandleProtocol = fail_loaded_image;
    return true;
}

const struct quirk options_quirks[] = {
    {"ascii_options", ascii_options},
    {"binary_options", binary_options},
    {"long_options", long_options},
    {"options_without_an_end", options_without_an_end},
    {"options_of_an_odd_size", options_of_an_odd_size},
    {"options_at_no_address", options_at_no_address},
    {"image_of_no_size", image_of_no_size},
    {"image_nowhere", image_nowhere},
    {"no_volume", no_volume},
    {"unknown_loader", unknown_loader},
    {0},
};
