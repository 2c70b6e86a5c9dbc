// SPDX-License-Identifier: MIT
// The options of kernel_options.h.
#include "boot/kernel/kernel_options.h"

#include "boot/cmdline.h"
#include "boot/console/console.h"

// Returns false iff the word is not 0x and up to four digits, or is 0.
static bool parse_port(struct cmdline_word word, uint16_t *port)
{
    struct cmdline_word digits = word;
    uint64_t value;

    if (!cmdline_take(&digits, "0x") || digits.length > 4 || !cmdline_number(word, &value))
        return false;
    *port = (uint16_t)value;
    return value != 0;
}

static bool parse_loglevel(struct cmdline_word word, uint64_t *level)
{
    uint64_t value;

    if (!cmdline_number(word, &value) || value > CONSOLE_LOGLEVEL_MAX)
        return false;
    *level = value;
    return true;
}

static bool is_text(struct cmdline_word word, const char *text)
{
    return cmdline_take(&word, text) && word.length == 0;
}

static bool parse_out_of_memory(struct cmdline_word word, enum kernel_choice *what)
{
    if (is_text(word, "stop"))
        *what = KERNEL_STOPS;
    else if (is_text(word, "degrade"))
        *what = KERNEL_DEGRADES;
    else if (is_text(word, "carry-on"))
        *what = KERNEL_CARRIES_ON;
    else
        return false;
    return true;
}

static bool parse_option(struct kernel_options *options, struct cmdline_word word)
{
    if (cmdline_take(&word, "run="))
        return cmdline_copy_name(word, "", options->run, sizeof options->run - 1);
    if (cmdline_take(&word, "only="))
        return cmdline_copy_name(word, "", options->only, sizeof options->only - 1);
    if (cmdline_take(&word, "exit-port="))
        return parse_port(word, &options->exit_port);
    if (cmdline_take(&word, "fail="))
        return cmdline_number(word, &options->fail) && options->fail != 0;
    if (cmdline_take(&word, "loglevel="))
        return parse_loglevel(word, &options->loglevel);
    if (cmdline_take(&word, "out-of-memory="))
        return parse_out_of_memory(word, &options->out_of_memory);
    if (is_text(word, "ledger")) {
        options->ledger = true;
        return true;
    }
    // The loader has checked these: it does not start the kernel otherwise.
    return cmdline_take(&word, "module=") || cmdline_take(&word, "seed=") ||
           cmdline_take(&word, "loader-fail=");
}

void kernel_options_parse(struct kernel_options *options, const char *text, size_t length,
                          const struct writer *writer)
{
    struct cmdline_word rest = {text, length};
    struct cmdline_word word;

    *options = (struct kernel_options){.run = "-", .loglevel = CONSOLE_LOGLEVEL_DEFAULT};
    while (cmdline_next(&rest, &word)) {
        if (parse_option(options, word))
            continue;
        writer_print(writer, "kernel: command line: \"");
        cmdline_print(writer, word);
        writer_print(writer,
                     "\" is not understood and is ignored; known are run=ID, exit-port=0xPORT, "
                     "fail=N, ledger, loglevel=N, out-of-memory=stop|degrade|carry-on, only=NAME, "
                     "module=NAME, seed=N, loader-fail=N\n");
    }
}
