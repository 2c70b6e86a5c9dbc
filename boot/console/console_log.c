// SPDX-License-Identifier: MIT
// The device of console_log.h.
#include "boot/console/console_log.h"

#include "arch/x86_64/string.h"

static void keep(void *context, const char *text, size_t length)
{
    struct console_log *log = context;
    size_t room = CONSOLE_LOG_SIZE - log->length;
    size_t kept = length < room ? length : room;

    memcpy(log->text + log->length, text, kept);
    log->length += kept;
    log->dropped += length - kept;
}

struct console_device console_log_device(struct console_log *log)
{
    return (struct console_device){CONSOLE_LOG_NAME, 0, keep, log};
}

void console_log_replay(struct console_log *log, const struct console_device *device)
{
    const struct writer writer = {device->write, device->context};

    writer.write(writer.context, log->text, log->length);
    if (log->dropped > 0)
        writer_print(&writer, "\nkernel: console: %zu byte%s came before this port, and are lost\n",
                     log->dropped, writer_plural(log->dropped));
    log->length = log->dropped = 0;
}
