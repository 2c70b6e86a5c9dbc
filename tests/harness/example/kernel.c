// SPDX-License-Identifier: MIT
// A kernel of another origin: Multiboot, 32 bits, nothing of this project in it. It shows all that
// a kernel needs to be tested by the harness: it writes to COM1, reports a test as KTAP, repeats
// the run's id in its final line, and leaves through QEMU's isa-debug-exit.
#include <stddef.h>
#include <stdint.h>

#define COM1 0x3f8
#define EXIT_PORT 0xf4
#define COMPLETE 0x10
#define FAILED 0x13

#define HAS_COMMAND_LINE 4 // Multiboot 0.6.96, 3.3

struct multiboot {
    uint32_t flags, memory_low, memory_high, boot_device, command_line;
};

void example_main(const struct multiboot *multiboot);

static void out(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void say(const char *text)
{
    while (*text != '\0')
        out(COM1, (uint8_t)*text++);
}

// Says the value of the word `name` on the command line, "-" if there is none.
static void say_word(const char *line, const char *name)
{
    for (; *line != '\0'; line++) {
        size_t i = 0;
        while (name[i] != '\0' && line[i] == name[i])
            i++;
        if (name[i] != '\0')
            continue;
        for (line += i; *line != '\0' && *line != ' '; line++)
            out(COM1, (uint8_t)*line);
        return;
    }
    say("-");
}

void example_main(const struct multiboot *multiboot)
{
    const char *line = "";
    int good = (multiboot->flags & 1) != 0 && multiboot->memory_high >= 1024;

    if (multiboot->flags & HAS_COMMAND_LINE)
        line = (const char *)(uintptr_t)multiboot->command_line;
    say("kernel: hello from a kernel of another origin\n");
    say("KTAP version 1\n1..1\n");
    say(good ? "ok 1 memory\n" : "not ok 1 memory\n");
    say(good ? "### complete (run " : "### tests failed (run ");
    say_word(line, "run=");
    say(")\n");
    out(EXIT_PORT, good ? COMPLETE : FAILED);
}
