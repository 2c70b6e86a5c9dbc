// SPDX-License-Identifier: MIT
// The reading of requests.h.
#include "boot/loader/requests.h"

#include "boot/words.h"

#define NAME_ADVICE "a module's name has 1 to 39 of A-Z a-z 0-9 _ . - /"
#define SEED_ADVICE "give a number below 2^64, decimal or 0x..., or seed=random"
#define COUNT_ADVICE "that is one module more than the 16 that the loader takes"

// Returns what is wrong, or NULL.
static const char *add_module(struct requests *requests, struct word name)
{
    if (requests->module_count == REQUESTS_MODULES_MAX)
        return COUNT_ADVICE;
    if (!words_copy_name(name, "/", requests->modules[requests->module_count],
                         HANDOFF_MODULE_NAME_MAX))
        return NAME_ADVICE;
    requests->module_count++;
    return NULL;
}

static const char *set_seed(struct requests *requests, struct word value)
{
    struct word rest = value;

    if (words_take(&rest, "random") && rest.length == 0) {
        requests->seed_kind = REQUESTS_RANDOM_SEED;
        return NULL;
    }
    if (!words_number(value, &requests->seed))
        return SEED_ADVICE;
    requests->seed_kind = REQUESTS_SEED;
    return NULL;
}

bool requests_parse(struct requests *requests, const char *text, size_t length,
                    struct requests_defect *defect)
{
    struct word rest = {text, length};
    struct word word;

    requests->module_count = 0;
    requests->seed_kind = REQUESTS_NO_SEED;
    while (words_next(&rest, &word)) {
        *defect = (struct requests_defect){word.text, word.length, NULL};
        if (words_take(&word, "module="))
            defect->advice = add_module(requests, word);
        else if (words_take(&word, "seed="))
            defect->advice = set_seed(requests, word);
        if (defect->advice)
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

    while (end < length && !words_is_blank(line[end]))
        end++;
    if (end < ending_length)
        return 0;
    for (size_t i = 0; i < ending_length; i++) {
        if (!is_same_letter(line[end - ending_length + i], ending[i]))
            return 0;
    }
    while (end < length && words_is_blank(line[end]))
        end++;
    return end;
}

enum requests_text requests_line_from_options(const void *options, size_t size, char *line,
                                              size_t most, size_t *length)
{
    const unsigned char *bytes = options; // the firmware promises no alignment
    size_t used = 0;

    *length = 0;
    if (size % 2 != 0)
        return REQUESTS_NOT_TEXT;
    for (size_t i = 0; i < size; i += 2) {
        unsigned character = bytes[i] | (unsigned)bytes[i + 1] << 8;
        if (character == 0)
            break;
        if ((character < ' ' && !words_is_blank((char)character)) || character == 0x7f)
            return REQUESTS_NOT_TEXT;
        if (used == most)
            return REQUESTS_TOO_LONG;
        line[used++] = (char)(character < 0x7f ? character : '?');
    }
    size_t skipped = name_of_application(line, used);
    for (size_t i = skipped; i < used; i++)
        line[i - skipped] = line[i];
    *length = used - skipped;
    return REQUESTS_TEXT;
}
