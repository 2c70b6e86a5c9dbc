// SPDX-License-Identifier: MIT
// zlib compresses a text, and decompresses what came out of it.
#include "tests/embed/libraries/heap.h"

#include <string.h>
#include <zlib.h>

#define TEXT_SIZE ((size_t)32 << 10)

static unsigned char text[TEXT_SIZE], packed[TEXT_SIZE], unpacked[TEXT_SIZE];

static void *take(void *opaque, unsigned items, unsigned size)
{
    (void)opaque;
    return heap_malloc((size_t)items * size);
}

static void give_back(void *opaque, void *block)
{
    (void)opaque;
    heap_free(block);
}

static void write_text(void)
{
    static const char *const words[] = {"fixed ", "buffer ", "kernel ", "page ", "mark ", "seal\n"};
    size_t length = 0;

    for (unsigned state = 1; length < TEXT_SIZE; state = state * 75 % 65537) {
        const char *word = words[state % (sizeof words / sizeof *words)];
        for (size_t i = 0; word[i] && length < TEXT_SIZE; i++)
            text[length++] = (unsigned char)word[i];
    }
}

// The bytes in `packed`; 0: no memory.
static size_t pack(void)
{
    z_stream stream = {.zalloc = take, .zfree = give_back};

    if (deflateInit(&stream, 9) != Z_OK)
        return 0;
    stream.next_in = text;
    stream.avail_in = TEXT_SIZE;
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    CHECK(deflateEnd(&stream) == Z_OK);
    return stream.total_out;
}

static bool unpack(size_t size)
{
    z_stream stream = {
        .zalloc = take, .zfree = give_back, .next_in = packed, .avail_in = (unsigned)size};
    int status;

    if (inflateInit(&stream) != Z_OK)
        return false;
    stream.next_out = unpacked;
    stream.avail_out = sizeof unpacked;
    status = inflate(&stream, Z_FINISH);
    CHECK(inflateEnd(&stream) == Z_OK);
    CHECK(status == Z_STREAM_END || status == Z_MEM_ERROR);
    return status == Z_STREAM_END;
}

bool library_work(void)
{
    size_t size;

    write_text();
    memset(unpacked, 0, sizeof unpacked);
    size = pack();
    if (size == 0 || !unpack(size))
        return false;
    CHECK(size < TEXT_SIZE / 4 && memcmp(text, unpacked, TEXT_SIZE) == 0);
    return true;
}
