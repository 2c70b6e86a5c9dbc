// SPDX-License-Identifier: MIT
// The note of boot/file_note.h, in the kernel's read-only data. Nothing but the version is known
// before the link.
#include "boot/file_note.h"

#include "boot/handoff.h"

#include <stddef.h>

// System V ABI, "Note Section". With this owner the description is aligned to 8 bytes.
struct note {
    uint32_t owner_size, description_size, type;
    char owner[12];
    struct file_note description;
};
_Static_assert(offsetof(struct note, description) == 24, "no padding before the description");

extern const struct note file_note;

// No more aligned than a note may be, which compilers else make of a large object.
__attribute__((section(".note.early_boot"), used)) _Alignas(8) const struct note file_note = {
    .owner_size = sizeof FILE_NOTE_OWNER,
    .description_size = sizeof(struct file_note),
    .type = FILE_NOTE_TYPE,
    .owner = FILE_NOTE_OWNER,
    .description = {.version = HANDOFF_VERSION},
};
