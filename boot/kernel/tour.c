// SPDX-License-Identifier: MIT
// The tour of tour.h. Each stop is a few lines that a newcomer may take along.
#include "boot/kernel/tour.h"

#include "kmem/array_list.h"
#include "kmem/fba.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_inline.h"
#include "kmem/report.h"

// A buffer that already exists, and two slices of it.
static void two_slices(const struct writer *writer)
{
    unsigned char buffer[512];
    struct fba fba;

    fba_init(&fba, buffer, sizeof buffer);
    uint8_t *bytes = fba_new_array(&fba, uint8_t, 100);
    uint32_t *words = fba_new_array(&fba, uint32_t, 50);
    writer_print(writer,
                 "tour 1: of 512 bytes at %p: 100 bytes at %p, 50 words at %p, %zu bytes left\n",
                 (void *)buffer, (void *)bytes, (void *)words, fba_available(&fba, 1));
}

// A list that grows in place, because it is the last block of its buffer.
static void growing_text(const struct writer *writer)
{
    unsigned char buffer[256];
    struct fba fba;

    fba_init(&fba, buffer, sizeof buffer);
    struct array_list text = array_list_of(char, fba_allocator(&fba));
    size_t before = fba_used(&fba);
    bool said = array_list_append_many(&text, "hello", 5);
    size_t between = fba_used(&fba);
    said = said && array_list_append_many(&text, " zig", 4);
    writer_print(writer, "tour 2: \"%.*s\"%s, used before %zu, with hello %zu, with zig %zu\n",
                 (int)text.count, (const char *)text.items, said ? "" : " (cut short)", before,
                 between, fba_used(&fba));
}

// A request that cannot be served says so, and why, and nothing has changed.
static void explicit_failure(const struct writer *writer)
{
    unsigned char buffer[64];
    struct fba fba;
    const struct report report = {.writer = writer, .prefix = "tour 3: ", .name = "64 bytes"};

    fba_init(&fba, buffer, sizeof buffer);
    if (!fba_alloc(&fba, 100, 8))
        report_failure(&report, &fba);
    writer_print(writer, "tour 3: and the boot goes on\n");
}

// A function that is given a workspace leaves nothing behind in it, whichever way it is left.
static bool is_anagram(struct fba *workspace, const char *a, const char *b)
{
    FBA_SCOPE(workspace)
    {
        int *surplus = fba_alloc_array_zeroed(workspace, 26, sizeof *surplus, _Alignof(int));
        if (!surplus)
            return false;
        for (; *a != '\0'; a++)
            surplus[*a - 'a']++;
        for (; *b != '\0'; b++)
            surplus[*b - 'a']--;
        for (size_t i = 0; i < 26; i++)
            if (surplus[i] != 0)
                return false;
    }
    return true;
}

static void workspace(const struct writer *writer)
{
    unsigned char buffer[256];
    struct fba fba;

    fba_init(&fba, buffer, sizeof buffer);
    size_t before = fba_used(&fba);
    bool answer = is_anagram(&fba, "kernel", "lnekre");
    writer_print(writer,
                 "tour 4: kernel and lnekre %s the same letters; workspace used before %zu, at "
                 "most %zu, after %zu\n",
                 answer ? "have" : "have not", before, fba_peak(&fba), fba_used(&fba));
}

void tour_run(const struct writer *writer)
{
    two_slices(writer);
    growing_text(writer);
    explicit_failure(writer);
    workspace(writer);
}
