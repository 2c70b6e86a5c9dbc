// SPDX-License-Identifier: MIT
// The decorator of journal.h.
#include "journal.h"

#define LINE_MAX 128 // the longest line has a tag

static unsigned checksum(const char *text)
{
    unsigned sum = 0xffff;

    for (; *text != '\0'; text++) {
        sum ^= (unsigned)(unsigned char)*text << 8;
        for (int bit = 0; bit < 8; bit++)
            sum = ((sum << 1) ^ ((sum & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
    }
    return sum;
}

__attribute__((__format__(WRITER_FORMAT_, 2, 3))) static void print(struct journal *journal,
                                                                    const char *format, ...)
{
    char text[LINE_MAX];
    struct writer_buffer buffer;
    const struct writer line = writer_to_buffer(&buffer, text, sizeof text);
    va_list list;

    writer_print(&line, "%zx ", journal->lines++);
    va_start(list, format);
    writer_vprint(&line, format, list);
    va_end(list);
    writer_print(journal->writer, "%sledger %s *%04x\n", journal->prefix, text, checksum(text));
}

static void print_tag(struct journal *journal)
{
    const char *tag = journal->tag ? *journal->tag : NULL;

    if (tag == journal->told)
        return;
    journal->told = tag;
    print(journal, "t %.*s", JOURNAL_TAG_MAX, tag ? tag : "-");
}

void journal_open(struct journal *journal, struct allocator inner, uintptr_t base, size_t size,
                  size_t used)
{
    journal->inner = inner;
    journal->told = NULL;
    journal->base = base;
    journal->lines = 0;
    print(journal, "o %zx %zx %zx", size, (size_t)base, used);
}

static void *journal_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct journal *journal = context;
    void *block = journal->inner.operations->alloc(journal->inner.context, size, align, caller);

    print_tag(journal);
    if (block)
        print(journal, "a %zx %zx %zx %zx", (size_t)((uintptr_t)block - journal->base), size, align,
              (size_t)(uintptr_t)caller);
    else
        print(journal, "a - %zx %zx %zx", size, align, (size_t)(uintptr_t)caller);
    return block;
}

static bool journal_resize(void *context, void *block, size_t old_size, size_t new_size,
                           size_t align, const void *caller)
{
    struct journal *journal = context;
    bool done = journal->inner.operations->resize(journal->inner.context, block, old_size, new_size,
                                                  align, caller);

    print_tag(journal);
    print(journal, "r %zx %zx %zx %s", (size_t)((uintptr_t)block - journal->base), old_size,
          new_size, done ? "ok" : "failed");
    return done;
}

static void journal_free_block(void *context, void *block, size_t size, size_t align,
                               const void *caller)
{
    struct journal *journal = context;

    journal->inner.operations->free(journal->inner.context, block, size, align, caller);
    print_tag(journal);
    print(journal, "f %zx %zx", (size_t)((uintptr_t)block - journal->base), size);
}

static size_t journal_available(void *context, size_t align)
{
    const struct journal *journal = context;

    return allocator_available(&journal->inner, align);
}

struct allocator journal_allocator(struct journal *journal)
{
    static const struct allocator_operations operations = {journal_alloc, journal_resize,
                                                           journal_free_block, journal_available};

    return (struct allocator){&operations, journal};
}

void journal_note(struct journal *journal, size_t bytes, size_t used)
{
    print_tag(journal);
    print(journal, "s %zx %zx", bytes, used);
}

void journal_mark(struct journal *journal, size_t used)
{
    print_tag(journal);
    print(journal, "m %zx", used);
}

void journal_rewind(struct journal *journal, size_t used)
{
    print_tag(journal);
    print(journal, "w %zx", used);
}

void journal_keep(struct journal *journal, size_t used)
{
    print_tag(journal);
    print(journal, "k %zx", used);
}

void journal_close(struct journal *journal, size_t used, size_t peak)
{
    print(journal, "e %zx %zx", used, peak);
}
