// SPDX-License-Identifier: MIT
// Takes page tables from the early heap: for the mapping of the framebuffer.
#include "boot/kernel/steps/screen.h"

#include "boot/kernel/screen.h"

static struct screen screen;

enum step_result step_screen(struct kernel *kernel)
{
    const struct handoff_framebuffer *framebuffer = &kernel->handoff->framebuffer;
    const struct writer *writer = &kernel->console.writer;
    const struct console_device device = {"screen", framebuffer->physical, screen_write, &screen};
    volatile void *pixels = NULL;

    if (framebuffer->size == 0) {
        writer_print(writer, "kernel: screen: the firmware offers none\n");
        return STEP_DONE;
    }
    enum paging_status status = device_map_add(&kernel->devices, physical(framebuffer->physical),
                                               framebuffer->size, &pixels);
    if (status == PAGING_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (status == PAGING_OK && screen.columns != 0) {
        screen.pixels = pixels; // the step runs again: the text stays
        return STEP_DONE;
    }
    if (status == PAGING_OK && screen_open(&screen, framebuffer, pixels) &&
        console_set(&kernel->console, &device))
        writer_print(writer, "kernel: screen: %u columns, %u rows\n", screen.columns, screen.rows);
    else
        writer_print(writer, "kernel: screen: %ux%u, %llu bytes, is not usable\n",
                     framebuffer->width, framebuffer->height,
                     (unsigned long long)framebuffer->size);
    return STEP_DONE;
}

void step_screen_undo(struct kernel *kernel)
{
    (void)kernel;
    screen.pixels = NULL; // it drops what is written to it
}
