// SPDX-License-Identifier: MIT
// Takes page tables from the early heap, for the mapping of the framebuffer, and what the screen
// shows, as text.
#include "boot/kernel/steps/screen.h"

#include "boot/kernel/budget.h"
#include "boot/console/screen.h"

BUDGET("screen", 8 * PAGE_SIZE, 0, 0); // page tables of the framebuffer

// Of the line that shows how full the early heap is: its cells, and what stands around them.
#define HEAP_CELLS_MAX 64
#define HEAP_WORDS 50

static struct screen screen;

static void print_unusable(const struct writer *writer,
                           const struct handoff_framebuffer *framebuffer, const char *reason)
{
    writer_print(writer, "kernel: screen: %ux%u, %llu bytes, is not usable: %s\n",
                 framebuffer->width, framebuffer->height, (unsigned long long)framebuffer->size,
                 reason);
}

static void open_screen(struct kernel *kernel, void *pixels, char *text, size_t text_size)
{
    const struct handoff_framebuffer *framebuffer = &kernel->handoff->framebuffer;
    const struct console_device device = {"screen", framebuffer->physical, screen_write, &screen};

    // The console writes to it from here on: its own line is the first that it shows.
    if (screen_open(&screen, framebuffer, pixels, text, text_size) == SCREEN_OK &&
        console_set(&kernel->console, &device))
        writer_print(console_at(&kernel->console, CONSOLE_INFO),
                     "kernel: screen: %u columns, %u rows\n", screen.columns, screen.rows);
}

enum step_result step_screen(struct kernel *kernel)
{
    const struct handoff_framebuffer *framebuffer = &kernel->handoff->framebuffer;
    const struct writer *writer = &kernel->console.writer;
    void *pixels = NULL;
    size_t text_size;

    if (framebuffer->size == 0) {
        writer_print(console_at(&kernel->console, CONSOLE_INFO),
                     "kernel: screen: no framebuffer of 32 bits a pixel is offered\n");
        return STEP_DONE;
    }
    enum screen_status usable = screen_check(framebuffer, &text_size);
    if (usable != SCREEN_OK) {
        print_unusable(writer, framebuffer, screen_status_name(usable));
        return STEP_DONE;
    }
    char *text = allocator_alloc(&kernel->heap.allocator, text_size, 1);
    if (!text)
        return STEP_NO_MEMORY;
    enum paging_status mapped = device_map_framebuffer(
        &kernel->devices, physical(framebuffer->physical), framebuffer->size, &pixels);
    if (mapped == PAGING_NO_MEMORY)
        return STEP_NO_MEMORY;
    if (mapped != PAGING_OK) {
        print_unusable(writer, framebuffer, paging_status_name(mapped));
        allocator_free(&kernel->heap.allocator, text, text_size, 1);
    } else if (screen.columns != 0) { // the step runs again: what the screen shows stays
        screen_move(&screen, pixels, text);
    } else {
        open_screen(kernel, pixels, text, text_size);
    }
    return STEP_DONE;
}

// The text in the region stays as it is: nothing writes there before the step has run again.
void step_screen_undo(struct kernel *kernel)
{
    (void)kernel;
    screen.pixels = NULL; // it drops what is written to it
}

void step_screen_draw_heap(const struct kernel *kernel)
{
    char line[HEAP_CELLS_MAX + HEAP_WORDS + sizeof "\n"];
    struct writer_buffer buffer;
    const struct writer to_line = writer_to_buffer(&buffer, line, sizeof line);
    const struct report report = {.writer = &to_line, .prefix = "early heap"};
    size_t room = screen.columns > HEAP_WORDS ? screen.columns - HEAP_WORDS : 0;

    if (room == 0 || kernel->heap.memory.is_substitute)
        return;
    report_picture(&report, &kernel->heap.fba, room < HEAP_CELLS_MAX ? room : HEAP_CELLS_MAX);
    line[buffer.length - 1] = '\0'; // without the end of the line
    screen_set_status(&screen, line);
}
