// SPDX-License-Identifier: MIT
// console: what the kernel prints to: every device that has been set; text is dropped where there
// is none. A serial port, a debug console, a screen is a struct console_device, which its driver's
// user sets: no driver is known here.
#ifndef BOOT_CONSOLE_CONSOLE_H
#define BOOT_CONSOLE_CONSOLE_H

#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A device that text is written to. `write` and `context` are those of a struct writer.
struct console_device {
    const char *name; // of the kind, "serial port": the console has one device of each
    uint64_t address; // of its registers, port or physical; 0: none worth printing
    void (*write)(void *context, const char *text, size_t length);
    void *context;
};

#define CONSOLE_DEVICES_MAX 4

// Levels of messages that may be left out, with syslog's numbers (RFC 5424 6.2.1). All else is
// printed whatever the level: errors, results, the end.
enum console_level {
    CONSOLE_INFO = 6,  // what each step of the boot found and took, and the tour
    CONSOLE_DEBUG = 7, // lists that grow with the machine
};
#define CONSOLE_LOGLEVEL_DEFAULT 7 // of the option loglevel=: levels below it are printed
#define CONSOLE_LOGLEVEL_MAX 8     // all are

// All-zero but for what console_init() sets.
struct console {
    struct writer writer; // writes to all devices; its context is this structure
    uint64_t loglevel;    // messages of a level below it are printed
    struct console_device devices[CONSOLE_DEVICES_MAX];
    size_t count; // of devices
};

// Makes a console without devices, at the default level. It must not move afterwards.
void console_init(struct console *console);

// Whether messages of this level are printed.
bool console_prints(const struct console *console, enum console_level level);

// The writer for messages of this level: the console's, or one that drops all. It is valid until
// the level changes.
const struct writer *console_at(const struct console *console, enum console_level level);

// Adds a device, in the place of the one with the same name if there is one. False iff there are
// CONSOLE_DEVICES_MAX others.
bool console_set(struct console *console, const struct console_device *device);

// Removes the device with this name, if there is one.
void console_remove(struct console *console, const char *name);

// The device with this name; NULL if there is none.
const struct console_device *console_find(const struct console *console, const char *name);

// Prints a blank and the devices, name and address of each, separated by commas.
void console_list(const struct console *console);

#endif
