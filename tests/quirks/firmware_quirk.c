// SPDX-License-Identifier: MIT
// A firmware with a quirk: a UEFI application between OVMF and the loader, which takes the loader's
// place, changes what the firmware offers as \quirk.txt says, and starts \loader.efi.
// test_quirks.py has a scenario for each quirk.
#include "arch/x86_64/string.h"
#include "tests/quirks/quirk.h"
#include "tests/quirks/wrapped_loader.h"

EFI_SYSTEM_TABLE *quirk_system;
EFI_LOADED_IMAGE *quirk_loader;

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static bool none(void)
{
    return true;
}

static const struct quirk no_quirks[] = {
    {"none", none},
    {0},
};

static bool is_named(const struct quirk *quirk, const char *name, UINTN size)
{
    UINTN length = 0;

    while (quirk->name[length] != '\0')
        length++;
    return length == size && memcmp(name, quirk->name, size) == 0;
}

static bool apply(const char *name, UINTN size)
{
    static const struct quirk *const lists[] = {no_quirks,     acpi_quirks,  fadt_quirks,
                                                madt_quirks,   spcr_quirks,  options_quirks,
                                                screen_quirks, memory_quirks};

    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const struct quirk *quirk = lists[i]; quirk->name; quirk++)
            if (is_named(quirk, name, size))
                return quirk->apply();
    return false;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct wrapped_loader loader;

    quirk_system = system;
    EFI_STATUS status = wrapped_loader_open(&loader, image, system, L"\\quirk.txt");
    if (EFI_ERROR(status))
        return status;
    quirk_loader = loader.image;
    return apply(loader.words, loader.size)
               ? system->BootServices->StartImage(loader.handle, NULL, NULL)
               : EFI_UNSUPPORTED;
}
