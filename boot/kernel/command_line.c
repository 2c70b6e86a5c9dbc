// SPDX-License-Identifier: MIT
// The words of command_line.h.
#include "boot/kernel/command_line.h"

#include "boot/words.h"

// 0x and up to four digits.
static bool parse_port(struct word word, uint16_t *port)
{
    struct word digits = word;
    uint64_t value;

    if (!words_take(&digits, "0x") || digits.length > 4 || !words_number(word, &value))
        return false;
    *port = (uint16_t)value;
    return value != 0;
}

static bool parse_word(struct command_line *line, struct word word)
{
    if (words_take(&word, "run="))
        return words_copy_name(word, "", line->run, COMMAND_LINE_RUN_MAX);
    if (words_take(&word, "only="))
        return words_copy_name(word, "", line->only, COMMAND_LINE_ONLY_MAX);
    if (words_take(&word, "exit-port="))
        return parse_port(word, &line->exit_port);
    if (words_take(&word, "fail="))
        return words_number(word, &line->fail) && line->fail != 0;
    // The loader has read these, or it would not have come this far.
    return words_take(&word, "module=") || words_take(&word, "seed=");
}

void command_line_parse(struct command_line *line, const char *text, size_t length,
                        const struct writer *writer)
{
    struct word rest = {text, length};
    struct word word;

    *line = (struct command_line){.run = "-"};
    while (words_next(&rest, &word)) {
        if (!parse_word(line, word))
            writer_print(writer,
                         "kernel: command line: \"%.*s\" is not understood and ignored; known are "
                         "run=ID, exit-port=0xPORT, fail=N, only=NAME, module=NAME, seed=N\n",
                         (int)word.length, word.text);
    }
}
