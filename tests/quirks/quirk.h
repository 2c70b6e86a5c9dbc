// SPDX-License-Identifier: MIT
// quirk: what a quirk of the firmware is: a function that changes what the firmware offers, before
// the loader is started. A new quirk is a function and a row of the table at the end of its file.
#ifndef TESTS_QUIRKS_QUIRK_H
#define TESTS_QUIRKS_QUIRK_H

#include <efi.h>
#include <stdbool.h>

struct quirk {
    const char *name;
    bool (*apply)(void); // returns false iff this machine cannot have it
};

// Each ends with a row without a name.
extern const struct quirk acpi_quirks[];    // root pointer and root tables
extern const struct quirk fadt_quirks[];    // timer and power-off
extern const struct quirk madt_quirks[];    // processors
extern const struct quirk spcr_quirks[];    // serial port
extern const struct quirk options_quirks[]; // load options, and what is known of the loader
extern const struct quirk screen_quirks[];  // graphics outputs and console
extern const struct quirk memory_quirks[];  // memory map, pages and exit

// Copies ACPI's tables to where a quirk may change them: acpi_edit.h. False iff that fails.
bool quirk_copy_acpi(void);

// The same, and the copy of the table with this signature. NULL iff that fails.
unsigned char *quirk_copy_table(const char *signature);

extern EFI_SYSTEM_TABLE *quirk_system;
extern EFI_LOADED_IMAGE *quirk_loader; // what the firmware knows of the loader

#endif
