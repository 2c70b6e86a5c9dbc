// SPDX-License-Identifier: MIT
// The entry of a UEFI application, its console, its memory, and its end: the machine is switched
// off.
#include "tests/embed/parts/kernel.h"
#include "tests/embed/parts/uefi.h"

#include "kmem/region_sources.h"

#define ERROR_ABORTED ((size_t)1 << (8 * sizeof(size_t) - 1) | 21)
#define PIECE 80 // characters that are handed on at once

static const struct efi_system_table *system_table;

efi_status efi_main(efi_handle image, const struct efi_system_table *table);

// The firmware has loaded the image, .bss cleared, and lends its stack.
efi_status efi_main(efi_handle image, const struct efi_system_table *table)
{
    (void)image;
    system_table = table;
    kernel_main(NULL);
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

// The image, the stack and the firmware itself are in its map.
bool memory_add(struct region_map *map, const void *boot_information)
{
    static _Alignas(8) unsigned char descriptors[32 * 1024];
    size_t size = sizeof descriptors;
    size_t key;
    size_t stride;
    uint32_t version;

    (void)boot_information;
    return system_table->boot->get_memory_map(&size, descriptors, &key, &stride, &version) == 0 &&
           region_add_uefi(map, descriptors, size, stride);
}

// Until ExitBootServices() the firmware allocates, too.
bool memory_claim(uint64_t start, uint64_t size)
{
    size_t pages = (size_t)(size / PAGE);

    return system_table->boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA, pages,
                                              &start) == 0;
}

_Noreturn void leave(bool passed)
{
    system_table->runtime->reset_system(EFI_RESET_SHUTDOWN, passed ? 0 : ERROR_ABORTED, 0, NULL);
    for (;;)
        ;
}
