// SPDX-License-Identifier: MIT
// The entry of a UEFI application, its console, and its end: the machine is switched off.
#include "tests/embed/parts/kernel.h"
#include "tests/embed/parts/uefi.h"

#define ERROR_ABORTED ((size_t)1 << (8 * sizeof(size_t) - 1) | 21)
#define PIECE 80 // characters that are handed on at once

static const struct efi_system_table *system_table;

efi_status efi_main(efi_handle image, const struct efi_system_table *table);

// The firmware has loaded the image, .bss cleared, and lends its stack.
efi_status efi_main(efi_handle image, const struct efi_system_table *table)
{
    (void)image;
    system_table = table;
    kernel_main();
}

void console_open(void)
{
}

// The firmware takes UTF-16 with a NUL at its end, and a carriage return in front of a line feed.
static void write_text(void *context, const char *text, size_t length)
{
    uint16_t piece[PIECE + 3];
    size_t used = 0;

    (void)context;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            piece[used++] = '\r';
        piece[used++] = (unsigned char)text[i];
        if (used >= PIECE || i + 1 == length) {
            piece[used] = 0;
            system_table->output->output_string(system_table->output, piece);
            used = 0;
        }
    }
}

const struct writer console = {write_text, NULL};

_Noreturn void leave(bool passed)
{
    system_table->runtime->reset_system(EFI_RESET_SHUTDOWN, passed ? 0 : ERROR_ABORTED, 0, NULL);
    for (;;)
        ;
}
