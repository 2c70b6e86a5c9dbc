// SPDX-License-Identifier: MIT
// The words of cmdline.h.
#include "boot/cmdline.h"

bool cmdline_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static void drop(struct cmdline_word *word, size_t length)
{
    word->text += length;
    word->length -= length;
}

bool cmdline_next(struct cmdline_word *rest, struct cmdline_word *word)
{
    while (rest->length > 0 && cmdline_is_blank(*rest->text))
        drop(rest, 1);
    word->text = rest->text;
    word->length = 0;
    while (rest->length > 0 && !cmdline_is_blank(*rest->text)) {
        drop(rest, 1);
        word->length++;
    }
    return word->length > 0;
}

bool cmdline_take(struct cmdline_word *word, const char *prefix)
{
    size_t length = 0;

    for (; prefix[length] != '\0'; length++)
        if (length == word->length || word->text[length] != prefix[length])
            return false;
    drop(word, length);
    return true;
}

static bool is_one_of(char c, const char *characters)
{
    while (*characters != '\0' && *characters != c)
        characters++;
    return *characters != '\0';
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           is_one_of(c, "_.-");
}

bool cmdline_copy_name(struct cmdline_word word, const char *others, char *to, size_t most)
{
    if (word.length == 0 || word.length > most)
        return false;
    for (size_t i = 0; i < word.length; i++)
        if (!is_name_character(word.text[i]) && !is_one_of(word.text[i], others))
            return false;
    for (size_t i = 0; i < word.length; i++)
        to[i] = word.text[i];
    to[word.length] = '\0';
    return true;
}

#define NO_DIGIT 16u

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : NO_DIGIT;
}

bool cmdline_number(struct cmdline_word word, uint64_t *number)
{
    unsigned base = cmdline_take(&word, "0x") ? 16 : 10;
    uint64_t value = 0;

    if (word.length == 0)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        unsigned digit = digit_value(word.text[i]);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *number = value;
    return true;
}

void cmdline_print(const struct writer *writer, struct cmdline_word word)
{
    for (size_t i = 0; i < word.length; i++)
        writer_print(writer, "%c", word.text[i] >= ' ' && word.text[i] <= '~' ? word.text[i] : '?');
}
