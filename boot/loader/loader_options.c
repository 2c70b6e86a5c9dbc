// SPDX-License-Identifier: MIT
// The options and the decoding of loader_options.h.
#include "boot/loader/loader_options.h"

#include "boot/cmdline.h"

#define DELETE 0x7fu // the control character behind the printable ones of ASCII
#define BYTE_ORDER_MARK 0xfeffu

#define NAME_ADVICE "a module's name has 1 to 39 of A-Z a-z 0-9 _ . - /"
#define SEED_ADVICE "give a number below 2^64, decimal or 0x..., or seed=random"
#define FAIL_ADVICE "give the number of an allocation, from 1, decimal or 0x..."
#define COUNT_ADVICE "that is one module more than the 16 that the loader takes"

// Returns what is accepted instead, or NULL iff the name was added.
static const char *add_module(struct loader_options *options, struct cmdline_word name)
{
    if (options->module_count == LOADER_OPTIONS_MODULES_MAX)
        return COUNT_ADVICE;
    if (!cmdline_copy_name(name, "/", options->modules[options->module_count],
                           sizeof options->modules[0] - 1))
        return NAME_ADVICE;
    options->module_count++;
    return NULL;
}

// Returns what is accepted instead, or NULL iff the seed was set.
static const char *set_seed(struct loader_options *options, struct cmdline_word value)
{
    struct cmdline_word rest = value;

    if (cmdline_take(&rest, "random") && rest.length == 0) {
        options->seed_kind = LOADER_OPTIONS_RANDOM_SEED;
        return NULL;
    }
    if (!cmdline_number(value, &options->seed))
        return SEED_ADVICE;
    options->seed_kind = LOADER_OPTIONS_SEED;
    return NULL;
}

// Returns what is accepted instead, or NULL iff the number was set.
static const char *set_fail(struct loader_options *options, struct cmdline_word value)
{
    return cmdline_number(value, &options->fail) && options->fail != 0 ? NULL : FAIL_ADVICE;
}

bool loader_options_parse(struct loader_options *options, const char *text, size_t length,
                          struct loader_options_defect *defect)
{
    struct cmdline_word rest = {text, length};
    struct cmdline_word word;

    options->module_count = 0;
    options->seed_kind = LOADER_OPTIONS_NO_SEED;
    options->ledger = false;
    options->fail = 0;
    while (cmdline_next(&rest, &word)) {
        *defect = (struct loader_options_defect){word.text, word.length, NULL};
        if (cmdline_take(&word, "module="))
            defect->advice = add_module(options, word);
        else if (cmdline_take(&word, "seed="))
            defect->advice = set_seed(options, word);
        else if (cmdline_take(&word, "loader-fail="))
            defect->advice = set_fail(options, word);
        else if (cmdline_take(&word, "ledger"))
            options->ledger |= word.length == 0;
        if (defect->advice)
            return false;
    }
    return true;
}

static bool is_same_letter(char c, char lower)
{
    return c == lower || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == lower);
}

// How many bytes of the line are the name that the UEFI shell gives, with the blanks after it.
static size_t name_length(const char *line, size_t length)
{
    static const char ending[] = ".efi";
    const size_t ending_length = sizeof ending - 1;
    size_t end = 0;

    while (end < length && !cmdline_is_blank(line[end]))
        end++;
    if (end < ending_length)
        return 0;
    for (size_t i = 0; i < ending_length; i++)
        if (!is_same_letter(line[end - ending_length + i], ending[i]))
            return 0;
    while (end < length && cmdline_is_blank(line[end]))
        end++;
    return end;
}

static unsigned character_at(const unsigned char *bytes, size_t index)
{
    return bytes[2 * index] | (unsigned)bytes[2 * index + 1] << 8;
}

// Bytes of another encoding, or of none, make characters too. In a command line most are ASCII,
// which no two bytes of an ASCII text make, and two of a random number seldom.
static bool is_text(const unsigned char *bytes, size_t count)
{
    size_t ascii = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned character = character_at(bytes, i);
        if ((character < ' ' && !cmdline_is_blank((char)character)) || character == DELETE)
            return false;
        ascii += character < DELETE;
    }
    return 2 * ascii >= count;
}

enum loader_options_text loader_options_decode(const void *bytes, size_t size, char *line,
                                               size_t most, size_t *length)
{
    const unsigned char *text = bytes; // the firmware promises no alignment
    size_t count = 0;

    *length = 0;
    if (size % 2 != 0)
        return LOADER_OPTIONS_NOT_TEXT;
    if (size > 0 && character_at(text, 0) == BYTE_ORDER_MARK) {
        text += 2;
        size -= 2;
    }
    while (count < size / 2 && character_at(text, count) != 0)
        count++;
    if (!is_text(text, count))
        return LOADER_OPTIONS_NOT_TEXT;
    if (count > most)
        return LOADER_OPTIONS_TOO_LONG;
    for (size_t i = 0; i < count; i++) {
        unsigned character = character_at(text, i);
        line[i] = (char)(character < DELETE ? character : '?');
    }
    size_t skipped = name_length(line, count);
    for (size_t i = skipped; i < count; i++)
        line[i - skipped] = line[i];
    *length = count - skipped;
    return LOADER_OPTIONS_TEXT;
}
