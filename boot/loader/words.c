// SPDX-License-Identifier: MIT
// The words of words.h.
#include "boot/loader/words.h"

#define NAME_ADVICE "a module's name has 1 to 39 of A-Z a-z 0-9 _ . - /"
#define SEED_ADVICE "give a number below 2^64, decimal or 0x..., or seed=random"
#define COUNT_ADVICE "that is one module more than the 16 that the loader takes"

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
           c == '.' || c == '-' || c == '/';
}

// Returns what is wrong, or NULL.
static const char *add_module(struct words *words, struct word name)
{
    if (words->module_count == WORDS_MODULES_MAX)
        return COUNT_ADVICE;
    if (name.length == 0 || name.length > HANDOFF_MODULE_NAME_MAX)
        return NAME_ADVICE;
    char *to = words->modules[words->module_count];
    for (size_t i = 0; i < name.length; i++) {
        if (!is_name_character(name.text[i]))
            return NAME_ADVICE;
        to[i] = name.text[i];
    }
    to[name.length] = '\0';
    words->module_count++;
    return NULL;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

static const char *set_seed(struct words *words, struct word number)
{
    struct word rest = number;
    uint64_t value = 0;

    if (take_name(&rest, "random") && rest.length == 0) {
        words->seed_kind = WORDS_RANDOM_SEED;
        return NULL;
    }
    unsigned base = take_name(&number, "0x") ? 16 : 10;
    if (number.length == 0)
        return SEED_ADVICE;
    for (size_t i = 0; i < number.length; i++) {
        unsigned digit = digit_value(number.text[i]);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return SEED_ADVICE;
        value = value * base + digit;
    }
    words->seed_kind = WORDS_SEED;
    words->seed = value;
    return NULL;
}

bool words_parse(struct words *words, const char *text, size_t length, struct words_defect *defect)
{
    words->module_count = 0;
    words->seed_kind = WORDS_NO_SEED;
    for (size_t i = 0; i < length;) {
        struct word word = {text + i, 0};
        const char *advice = NULL;
        if (is_blank(text[i])) {
            i++;
            continue;
        }
        while (i < length && !is_blank(text[i]))
            i++;
        word.length = (size_t)(text + i - word.text);
        *defect = (struct words_defect){word.text, word.length, NULL};
        if (take_name(&word, "module="))
            advice = add_module(words, word);
        else if (take_name(&word, "seed="))
            advice = set_seed(words, word);
        defect->advice = advice;
        if (advice)
            return false;
    }
    return true;
}

static bool is_same_letter(char c, char lower)
{
    return c == lower || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == lower);
}

// How many bytes of the line are the application's own name and the blanks after it.
static size_t name_of_application(const char *line, size_t length)
{
    static const char ending[] = ".efi";
    const size_t ending_length = sizeof ending - 1;
    size_t end = 0;

    while (end < length && !is_blank(line[end]))
        end++;
    if (end < ending_length)
        return 0;
    for (size_t i = 0; i < ending_length; i++) {
        if (!is_same_letter(line[end - ending_length + i], ending[i]))
            return 0;
    }
    while (end < length && is_blank(line[end]))
        end++;
    return end;
}

enum words_text words_from_options(const void *options, size_t size, char *line, size_t most,
                                   size_t *length)
{
    const unsigned char *bytes = options; // the firmware promises no alignment
    size_t used = 0;

    *length = 0;
    if (size % 2 != 0)
        return WORDS_NOT_TEXT;
    for (size_t i = 0; i < size; i += 2) {
        unsigned character = bytes[i] | (unsigned)bytes[i + 1] << 8;
        if (character == 0)
            break;
        if ((character < ' ' && !is_blank((char)character)) || character == 0x7f)
            return WORDS_NOT_TEXT;
        if (used == most)
            return WORDS_TOO_LONG;
        line[used++] = character < 0x7f ? (char)character : '?';
    }
    size_t skipped = name_of_application(line, used);
    for (size_t i = skipped; i < used; i++)
        line[i - skipped] = line[i];
    *length = used - skipped;
    return WORDS_TEXT;
}
