// SPDX-License-Identifier: MIT
// A kernel of another origin that is tested by what is typed: a shell on COM1 that echoes, with a
// coloured prompt. `test` reports a test as KTAP, `say WORDS` says them, `off` leaves through
// QEMU's isa-debug-exit.
#include <stddef.h>
#include <stdint.h>

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5) // 16550: bit 0, a byte has come
#define EXIT_PORT 0xf4
#define COMPLETE 0x10

#define LINE_MAX 80

struct multiboot;
void example_main(const struct multiboot *multiboot);

static void out(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void say(const char *text)
{
    while (*text != '\0')
        out(COM1, (uint8_t)*text++);
}

static char key(void)
{
    while ((in(LINE_STATUS)&1) == 0)
        __asm__ volatile("pause");
    return (char)in(COM1);
}

static void read_line(char *line)
{
    size_t length = 0;
    char next;

    while ((next = key()) != '\r') {
        if (length < LINE_MAX) {
            out(COM1, (uint8_t)next);
            line[length++] = next;
        }
    }
    line[length] = '\0';
    say("\r\n");
}

// The rest of `line` behind `command`, NULL if it begins otherwise.
static const char *behind(const char *line, const char *command)
{
    while (*command != '\0')
        if (*line++ != *command++)
            return NULL;
    return line;
}

void example_main(const struct multiboot *multiboot)
{
    char line[LINE_MAX + 1];
    const char *words;

    (void)multiboot;
    say("a shell of another origin\r\n");
    for (;;) {
        say("\033[1m$ \033[0m");
        read_line(line);
        if ((words = behind(line, "say ")) != NULL) {
            say(words);
            say("\r\n");
        } else if (behind(line, "test") != NULL) {
            say("KTAP version 1\r\n1..1\r\nok 1 shell\r\n");
        } else if (behind(line, "off") != NULL) {
            out(EXIT_PORT, COMPLETE);
        }
    }
}
