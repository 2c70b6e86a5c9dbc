// SPDX-License-Identifier: MIT
// writer: text through a function that the caller supplies. Serial console, screen, a buffer in a
// test: all that this repository prints goes through one of these. It allocates nothing and
// keeps no state, so it works before the first allocation and in the middle of a panic.
#ifndef KMEM_WRITER_H
#define KMEM_WRITER_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct writer {
    // Takes `length` bytes at `text`, which end with no NUL and are not kept.
    void (*write)(void *context, const char *text, size_t length);
    void *context;
};

// What compilers call printf's formats. MinGW's `printf` is another library's, without %zu.
#if defined(__MINGW32__) && !defined(__clang__)
#define WRITER_FORMAT_ __gnu_printf__
#else
#define WRITER_FORMAT_ __printf__
#endif

// Writes `format` as printf would. Understood: %s %c %d %i %u %x %p %%, the flags 0 and -, a width
// in digits or *, a precision in digits or * for %s, and the sizes l, ll and z. Anything else is
// written as it stands, so that a mistake is visible; the compiler's format check sees it first.
// A NULL string is written as (null), a NULL pointer as 0x0. Nothing is written by a writer that is
// NULL or holds no function, as before there is a console. Linear in the text.
__attribute__((__format__(WRITER_FORMAT_, 2, 3))) void writer_print(const struct writer *writer,
                                                                    const char *format, ...);
void writer_vprint(const struct writer *writer, const char *format, va_list list);

// The end of a noun behind a number, as in "%zu block%s": nothing behind 1, else "s".
static inline const char *writer_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

// A writer into a caller's array: as much as fits, always NUL-terminated if the size is not 0.
struct writer_buffer {
    char *text;
    size_t size;   // of the array
    size_t length; // bytes offered so far; what exceeds size - 1 was cut
};
struct writer writer_to_buffer(struct writer_buffer *buffer, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
