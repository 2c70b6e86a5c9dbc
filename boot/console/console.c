// SPDX-License-Identifier: MIT
// The list of devices of console.h.
#include "boot/console/console.h"

static void write_to_all(void *context, const char *text, size_t length)
{
    const struct console *console = context;

    for (size_t i = 0; i < console->count; i++)
        console->devices[i].write(console->devices[i].context, text, length);
}

void console_init(struct console *console)
{
    *console =
        (struct console){.writer = {write_to_all, console}, .loglevel = CONSOLE_LOGLEVEL_DEFAULT};
}

bool console_prints(const struct console *console, enum console_level level)
{
    return level < console->loglevel;
}

static void drop(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
}

const struct writer *console_at(const struct console *console, enum console_level level)
{
    static const struct writer silent = {drop, NULL};

    return console_prints(console, level) ? &console->writer : &silent;
}

static bool is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

// The index of the device with this name, `count` if there is none.
static size_t index_of(const struct console *console, const char *name)
{
    size_t i = 0;

    while (i < console->count && !is_same(console->devices[i].name, name))
        i++;
    return i;
}

bool console_set(struct console *console, const struct console_device *device)
{
    size_t i = index_of(console, device->name);

    if (i == CONSOLE_DEVICES_MAX)
        return false;
    console->devices[i] = *device;
    if (i == console->count)
        console->count++;
    return true;
}

void console_remove(struct console *console, const char *name)
{
    size_t i = index_of(console, name);

    if (i < console->count)
        console->devices[i] = console->devices[--console->count];
}

const struct console_device *console_find(const struct console *console, const char *name)
{
    size_t i = index_of(console, name);

    return i < console->count ? &console->devices[i] : NULL;
}

void console_list(const struct console *console)
{
    for (size_t i = 0; i < console->count; i++) {
        const struct console_device *device = &console->devices[i];
        writer_print(&console->writer, "%s%s", i == 0 ? " " : ", ", device->name);
        if (device->address != 0)
            writer_print(&console->writer, " 0x%llx", (unsigned long long)device->address);
    }
}
