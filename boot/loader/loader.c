// SPDX-License-Identifier: MIT
// What loader.h declares.
#include "boot/loader/loader.h"

enum loader_result loader_stop(struct loader *loader, EFI_STATUS status, const char *format, ...)
{
    const struct writer *console = &loader->firmware.console;
    va_list arguments;

    writer_print(console, "loader: stopped: ");
    va_start(arguments, format);
    writer_vprint(console, format, arguments);
    va_end(arguments);
    writer_print(console, " (");
    firmware_print_status(console, status);
    writer_print(console, ")\n");
    loader->status = status;
    return LOADER_STOPPED;
}
