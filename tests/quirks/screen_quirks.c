// SPDX-License-Identifier: MIT
// Quirks of graphics outputs and consoles.
#include "tests/quirks/quirk.h"

static EFI_GUID graphics_output_protocol = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

#define SCREENS_MAX 16

// Changes the mode of every graphics output: the console's may be a copy of a card's.
static bool change_screens(void (*change)(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode))
{
    EFI_HANDLE handles[SCREENS_MAX];
    UINTN size = sizeof handles;

    if (EFI_ERROR(quirk_system->BootServices->LocateHandle(ByProtocol, &graphics_output_protocol,
                                                           NULL, &size, handles)))
        return false;
    for (UINTN i = 0; i < size / sizeof handles[0]; i++) {
        EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
        if (!EFI_ERROR(quirk_system->BootServices->HandleProtocol(
                handles[i], &graphics_output_protocol, (void **)&screen)))
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

static void move_screen_to_zero(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferBase = 0;
}

// Where the firmware keeps its own code, and the kernel may be.
static void move_screen_into_memory(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferBase = 0xd000000;
}

static void enlarge_screen(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferSize = UINT64_C(1) << 37;
}

static void shrink_screen(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->FrameBufferSize = 4096;
}

static void widen_screen(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info->HorizontalResolution = mode->Info->VerticalResolution =
        mode->Info->PixelsPerScanLine = UINT32_MAX;
}

static void only_blt(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info->PixelFormat = PixelBltOnly;
}

static void unknown_format(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info->PixelFormat = 77;
}

static void take_info(EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode)
{
    mode->Info = NULL;
}

static bool screen_at_zero(void)
{
    return change_screens(move_screen_to_zero);
}

static bool screen_in_memory(void)
{
    return change_screens(move_screen_into_memory);
}

static bool screen_that_is_too_large(void)
{
    return change_screens(enlarge_screen);
}

static bool screen_that_is_too_small(void)
{
    return change_screens(shrink_screen);
}

static bool screen_that_is_too_wide(void)
{
    return change_screens(widen_screen);
}

static bool screen_for_blt_only(void)
{
    return change_screens(only_blt);
}

static bool screen_of_unknown_format(void)
{
    return change_screens(unknown_format);
}

static bool screen_without_info(void)
{
    return change_screens(take_info);
}

// The console's output is another than the card's.
static bool wrapped_screen_of_the_console(void)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
    static EFI_GRAPHICS_OUTPUT_PROTOCOL copy;
    static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode;

    if (EFI_ERROR(quirk_system->BootServices->HandleProtocol(
            quirk_system->ConsoleOutHandle, &graphics_output_protocol, (void **)&screen)))
        return false;
    copy = *screen;
    mode = *screen->Mode;
    copy.Mode = &mode;
    mode.FrameBufferBase = UINT64_MAX - 0xfff;
    return !EFI_ERROR(quirk_system->BootServices->ReinstallProtocolInterface(
        quirk_system->ConsoleOutHandle, &graphics_output_protocol, screen, &copy));
}

static bool no_console(void)
{
    quirk_system->ConOut = quirk_system->StdErr = NULL;
    quirk_system->ConsoleOutHandle = NULL;
    return true;
}

const struct quirk screen_quirks[] = {
    {"screen_of_16_bits", screen_of_16_bits},
    {"screen_that_wraps", screen_that_wraps},
    {"screen_beyond", screen_beyond},
    {"screen_without_lines", screen_without_lines},
    {"screen_at_zero", screen_at_zero},
    {"screen_in_memory", screen_in_memory},
    {"screen_that_is_too_large", screen_that_is_too_large},
    {"screen_that_is_too_small", screen_that_is_too_small},
    {"screen_that_is_too_wide", screen_that_is_too_wide},
    {"screen_for_blt_only", screen_for_blt_only},
    {"screen_of_unknown_format", screen_of_unknown_format},
    {"screen_without_info", screen_without_info},
    {"wrapped_screen_of_the_console", wrapped_screen_of_the_console},
    {"no_console", no_console},
    {0},
};
