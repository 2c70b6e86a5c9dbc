// SPDX-License-Identifier: MIT
// The devices of late_console.h.
#include "boot/loader/late_console.h"

#define PART_MAX (UINT64_C(8) << 20) // bytes
#define PIXEL_SIZE UINT64_C(4)

struct handoff_framebuffer late_console_part(const struct handoff_framebuffer *framebuffer)
{
    struct handoff_framebuffer part = *framebuffer;
    uint64_t line = part.pixels_per_line * PIXEL_SIZE;

    if (line == 0 || line > PART_MAX || part.size > UINT64_MAX - part.physical)
        return (struct handoff_framebuffer){0};
    if (part.height > PART_MAX / line)
        part.height = (uint32_t)(PART_MAX / line);
    if (part.size < part.height * line)
        return (struct handoff_framebuffer){0};
    part.size = part.height * line;
    return part;
}

// Unless it is the port that is open already.
static void open_named(struct late_console *late, const struct serial_port *named)
{
    const struct console_device line = {"named serial port", 0, uart_write, &late->named_uart};
    const struct device_registers registers =
        serial_registers(named, (volatile void *)(uintptr_t)named->address);
    bool is_open =
        late->uart.driver && named->is_at_ports && late->uart.registers.base == registers.base;

    if (!is_open && uart_open(&late->named_uart, named->driver, &registers, named->baud))
        console_set(&late->console, &line);
}

void late_console_open(struct late_console *late, const struct serial_port *named,
                       const struct handoff_framebuffer *part)
{
    const struct console_device line = {SERIAL_NAME, 0, uart_write, &late->uart};
    const struct console_device port = {"debug console", 0, debugcon_write, &late->debugcon};
    const struct console_device screen = {"screen", 0, screen_write, &late->screen};

    console_init(&late->console);
    if (serial_open_standard(&late->uart))
        console_set(&late->console, &line);
    if (named->driver)
        open_named(late, named);
    if (debugcon_open(&late->debugcon, device_io_ports()))
        console_set(&late->console, &port);
    if (part->size > 0 && screen_open(&late->screen, part, (void *)(uintptr_t)part->physical,
                                      late->text, sizeof late->text) == SCREEN_OK)
        console_set(&late->console, &screen);
    // The firmware's console, or the kernel's, may have left the cursor in the middle of a line.
    writer_print(&late->console.writer, "\n");
}
