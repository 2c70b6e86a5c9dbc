// SPDX-License-Identifier: MIT
// console_log: a console device that keeps what is written, for a serial port that is found later:
// on a machine whose only port is in memory, the first lines come before it is mapped.
#ifndef BOOT_CONSOLE_CONSOLE_LOG_H
#define BOOT_CONSOLE_CONSOLE_LOG_H

#include "boot/console/console.h"

#define CONSOLE_LOG_NAME "log" // of the console device
#define CONSOLE_LOG_SIZE 8192u // bytes that are kept, the first

// All-zero: empty.
struct console_log {
    char text[CONSOLE_LOG_SIZE];
    size_t length;
    size_t dropped; // bytes that there was no room for
};

struct console_device console_log_device(struct console_log *log);

// Writes what was kept to `device`, and how much was not, and empties the log.
void console_log_replay(struct console_log *log, const struct console_device *device);

#endif
