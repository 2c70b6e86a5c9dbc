// SPDX-License-Identifier: MIT
// The words of command_line.h.
#include "boot/kernel/command_line.h"

#include <stdbool.h>

struct word {
    const char *text;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

// Takes `name` off the front of a word.
static bool take_name(struct word *word, const char *name)
{
    size_t length = 0;

    for (; name[length] != '\0'; length++) {
        if (length == word->length || word->text[length] != name[length])
            return false;
    }
    word->text += length;
    word->length -= length;
    return true;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static bool copy_name(struct word word, char *to, size_t most)
{
    if (word.length == 0 || word.length > most)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        if (!is_name_character(word.text[i]))
            return false;
    }
    for (size_t i = 0; i < word.length; i++)
        to[i] = word.text[i];
    to[word.length] = '\0';
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_port(struct word word, uint16_t *port)
{
    uint32_t value = 0;

    if (!take_name(&word, "0x") || word.length == 0 || word.length > 4)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        int digit = digit_value(word.text[i]);
        if (digit < 0)
            return false;
        value = value * 16 + (uint32_t)digit;
    }
    *port = (uint16_t)value;
    return value != 0;
}

static bool parse_word(struct command_line *line, struct word word)
{
    if (take_name(&word, "run="))
        return copy_name(word, line->run, COMMAND_LINE_RUN_MAX);
    if (take_name(&word, "only="))
        return copy_name(word, line->only, COMMAND_LINE_ONLY_MAX);
    if (take_name(&word, "exit-port="))
        return parse_port(word, &line->exit_port);
    // The loader has read these, or it would not have come this far.
    return take_name(&word, "module=") || take_name(&word, "seed=");
}

void command_line_parse(struct command_line *line, const char *text, size_t length,
                        const struct writer *writer)
{
    *line = (struct command_line){.run = "-"};
    for (size_t i = 0; i < length;) {
        struct word word = {text + i, 0};
        if (is_blank(text[i])) {
            i++;
            continue;
        }
        while (i < length && !is_blank(text[i]))
            i++;
        word.length = (size_t)(text + i - word.text);
        if (!parse_word(line, word))
            writer_print(writer,
                         "kernel: command line: \"%.*s\" is not understood and ignored; known are "
                         "run=ID, exit-port=0xPORT, only=NAME, module=NAME, seed=N\n",
                         (int)word.length, word.text);
    }
}
