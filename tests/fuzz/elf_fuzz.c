// SPDX-License-Identifier: MIT
// Fuzz target: the checks of a kernel file. The file stands at the end of its memory, so that a
// byte read beyond it is an error of the sanitizer. Of a file that passes, everything is checked
// once more that elf.h promises of it, and of its note; of a defect, that it can be described.
#include "boot/loader/elf.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <stdlib.h>
#include <string.h>

#define PAGE ((uint64_t)4096)

static void count_text(void *context, const char *text, size_t length)
{
    size_t *written = context;

    for (size_t i = 0; i < length; i++)
        CHECK(text[i] >= ' ' && text[i] <= '~');
    *written += length;
}

static bool disjoint(uint64_t a_start, uint64_t a_end, uint64_t b_start, uint64_t b_end)
{
    return a_end <= b_start || b_end <= a_start;
}

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE - 1) / PAGE * PAGE;
}

static void check_image(const struct elf_image *image, size_t size)
{
    bool entry_found = false;

    CHECK(image->segment_count >= 1 && image->segment_count <= ELF_SEGMENTS_MAX);
    CHECK(image->start % PAGE == 0 && image->end % PAGE == 0 && image->start < image->end);
    CHECK(image->region_start % PAGE == 0 && image->region_end % PAGE == 0);
    CHECK(image->region_start < image->region_end);
    CHECK(image->start <= image->region_start && image->region_end <= image->end);
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        CHECK(segment->offset <= size && segment->file_size <= size - segment->offset);
        CHECK(segment->start < segment->end);
        CHECK(segment->file_size <= segment->end - segment->start);
        CHECK(image->start <= segment->start && segment->end <= image->end);
        CHECK(!(segment->writable && segment->executable));
        CHECK(disjoint(segment->start, page_up(segment->end), image->region_start,
                       image->region_end));
        for (size_t k = 0; k < i; k++)
            CHECK(disjoint(segment->start, page_up(segment->end), image->segments[k].start,
                           page_up(image->segments[k].end)));
        entry_found = entry_found || (segment->executable && image->entry >= segment->start &&
                                      image->entry - segment->start < segment->file_size);
    }
    CHECK(entry_found);
}

// Of a file with a note no loaded byte may change: each in turn.
static void check_note(uint8_t *file, size_t size, const struct elf_image *image)
{
    const struct elf_segment *segment = &image->segments[0];
    struct elf_image other;
    struct elf_defect defect;

    for (uint64_t i = segment->offset; i < segment->offset + segment->file_size; i++) {
        file[i] ^= 0x10;
        CHECK(!elf_check(file, size, &other, &defect));
        file[i] ^= 0x10;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct elf_image image;
    struct elf_defect defect;
    size_t written = 0;
    const struct writer writer = {.write = count_text, .context = &written};
    uint8_t *file = malloc(size + 1);

    if (!file)
        return 0;
    memcpy(file + 1, bytes, size); // at an odd address
    if (elf_check(file + 1, size, &image, &defect)) {
        check_image(&image, size);
        if (image.has_note)
            check_note(file + 1, size, &image);
    } else {
        CHECK(defect.status != ELF_OK);
        elf_describe(&writer, &defect);
        CHECK(written > 0);
    }
    free(file);
    return 0;
}
