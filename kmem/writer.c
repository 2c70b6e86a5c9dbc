// SPDX-License-Identifier: MIT
// The small printf of writer.h: each conversion becomes a run of bytes, a field pads the run.
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

struct field {
    bool zeros; // pad with zeros on the left
    bool left;  // pad with blanks on the right
    size_t width;
    size_t precision; // SIZE_MAX: none
    int longs;        // 0: int, 1: long, 2: long long, 3: size_t
};

static void write_text(const struct writer *writer, const char *text, size_t length)
{
    if (length > 0 && writer && writer->write)
        writer->write(writer->context, text, length);
}

static void write_repeated(const struct writer *writer, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_text(writer, &c, 1);
}

static void write_field(const struct writer *writer, const struct field *field, const char *sign,
                        const char *text, size_t length)
{
    size_t sign_length = sign[0] == '\0' ? 0 : sign[1] == '\0' ? 1 : 2;
    size_t total = sign_length + length;
    size_t padding = field->width > total ? field->width - total : 0;

    if (!field->left && !field->zeros)
        write_repeated(writer, ' ', padding);
    write_text(writer, sign, sign_length);
    if (!field->left && field->zeros)
        write_repeated(writer, '0', padding);
    write_text(writer, text, length);
    if (field->left)
        write_repeated(writer, ' ', padding);
}

static void write_hexadecimal(const struct writer *writer, const struct field *field,
                              const char *sign, unsigned long long value)
{
    char digits[16];
    size_t start = sizeof digits;

    do {
        digits[--start] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    } while (value != 0);
    write_field(writer, field, sign, digits + start, sizeof digits - start);
}

// Subtracts powers of ten: a division of 64 bits is a function of the compiler's library on most
// processors of 32 bits. The empty assembly keeps compilers from turning the loop into one.
static void write_decimal(const struct writer *writer, const struct field *field, const char *sign,
                          unsigned long long value)
{
    static const unsigned long long powers[] = {
        10000000000000000000u,
        1000000000000000000u,
        100000000000000000u,
        10000000000000000u,
        1000000000000000u,
        100000000000000u,
        10000000000000u,
        1000000000000u,
        100000000000u,
        10000000000u,
        1000000000u,
        100000000u,
        10000000u,
        1000000u,
        100000u,
        10000u,
        1000u,
        100u,
        10u,
        1u,
    };
    const size_t most = sizeof powers / sizeof powers[0];
    char digits[sizeof powers / sizeof powers[0]];
    size_t length = 0;

    for (size_t i = 0; i < most; i++) {
        char digit = '0';

        for (; value >= powers[i]; digit++) {
            value -= powers[i];
            __asm__("" : "+r"(value));
        }
        if (digit != '0' || length != 0 || i == most - 1)
            digits[length++] = digit;
    }
    write_field(writer, field, sign, digits, length);
}

static size_t string_length(const char *text, size_t most)
{
    size_t length = 0;

    while (length < most && text[length] != '\0')
        length++;
    return length;
}

// A va_list that functions can share: an array type decays when it is passed, a structure does not.
struct arguments {
    va_list list;
};

static unsigned long long next_unsigned(struct arguments *arguments, int longs)
{
    switch (longs) {
    case 0:
        return va_arg(arguments->list, unsigned);
    case 1:
        return va_arg(arguments->list, unsigned long);
    case 2:
        return va_arg(arguments->list, unsigned long long);
    default:
        return va_arg(arguments->list, size_t);
    }
}

static long long next_signed(struct arguments *arguments, int longs)
{
    switch (longs) {
    case 0:
        return va_arg(arguments->list, int);
    case 1:
        return va_arg(arguments->list, long);
    case 2:
        return va_arg(arguments->list, long long);
    default:
        return va_arg(arguments->list, ptrdiff_t);
    }
}

static size_t parse_count(const char **format, struct arguments *arguments)
{
    size_t count = 0;

    if (**format == '*') {
        int given = va_arg(arguments->list, int);
        (*format)++;
        return given > 0 ? (size_t)given : 0;
    }
    while (**format >= '0' && **format <= '9')
        count = count * 10 + (size_t)(*(*format)++ - '0');
    return count;
}

static struct field parse_field(const char **format, struct arguments *arguments)
{
    struct field field = {.precision = SIZE_MAX};

    for (;; (*format)++)
        if (**format == '0')
            field.zeros = true;
        else if (**format == '-')
            field.left = true;
        else
            break;
    field.width = parse_count(format, arguments);
    if (**format == '.') {
        (*format)++;
        field.precision = parse_count(format, arguments);
    }
    for (; **format == 'l' && field.longs < 2; (*format)++)
        field.longs++;
    if (**format == 'z') {
        field.longs = 3;
        (*format)++;
    }
    return field;
}

// Writes one conversion; false if it is none that this function knows.
static bool write_conversion(const struct writer *writer, const struct field *field,
                             char conversion, struct arguments *arguments)
{
    switch (conversion) {
    case '%':
        write_text(writer, "%", 1);
        return true;
    case 'c': {
        char c = (char)va_arg(arguments->list, int);
        write_field(writer, field, "", &c, 1);
        return true;
    }
    case 's': {
        const char *text = va_arg(arguments->list, const char *);
        if (!text)
            text = "(null)";
        write_field(writer, field, "", text, string_length(text, field->precision));
        return true;
    }
    case 'd':
    case 'i': {
        long long value = next_signed(arguments, field->longs);
        // Negating as unsigned is defined for the most negative value, too.
        unsigned long long magnitude = (unsigned long long)value;
        write_decimal(writer, field, value < 0 ? "-" : "", value < 0 ? 0 - magnitude : magnitude);
        return true;
    }
    case 'u':
        write_decimal(writer, field, "", next_unsigned(arguments, field->longs));
        return true;
    case 'x':
        write_hexadecimal(writer, field, "", next_unsigned(arguments, field->longs));
        return true;
    case 'p':
        write_hexadecimal(writer, field, "0x", (uintptr_t)va_arg(arguments->list, void *));
        return true;
    default:
        return false;
    }
}

void writer_vprint(const struct writer *writer, const char *format, va_list list)
{
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format != '\0') {
        const char *start = format;

        if (*format != '%') {
            while (*format != '\0' && *format != '%')
                format++;
            write_text(writer, start, (size_t)(format - start));
            continue;
        }
        format++;
        struct field field = parse_field(&format, &arguments);
        bool known = write_conversion(writer, &field, *format, &arguments);
        if (*format != '\0')
            format++;
        if (!known)
            write_text(writer, start, (size_t)(format - start));
    }
    va_end(arguments.list);
}

void writer_print(const struct writer *writer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    writer_vprint(writer, format, arguments);
    va_end(arguments);
}

static void write_to_buffer(void *context, const char *text, size_t length)
{
    struct writer_buffer *buffer = context;

    for (size_t i = 0; i < length; i++, buffer->length++) {
        if (buffer->size != 0 && buffer->length < buffer->size - 1) {
            buffer->text[buffer->length] = text[i];
            buffer->text[buffer->length + 1] = '\0';
        }
    }
}

struct writer writer_to_buffer(struct writer_buffer *buffer, char *text, size_t size)
{
    *buffer = (struct writer_buffer){.text = text, .size = size};
    if (size != 0)
        text[0] = '\0';
    return (struct writer){write_to_buffer, buffer};
}
