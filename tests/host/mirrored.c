// SPDX-License-Identifier: MIT
// kmem/probe.h on memory that is there twice, as behind the end of a memory whose address lines are
// not all decoded.
#define _DEFAULT_SOURCE // ftruncate, MAP_ANONYMOUS

#include "tests/host/host.h"

#include "kmem/probe.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// Two mappings of `size` bytes of one file, behind each other; NULL if the host does not give them.
static unsigned char *map_twice(size_t size)
{
    FILE *file = tmpfile();
    unsigned char *place = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (!file || place == MAP_FAILED || ftruncate(fileno(file), (off_t)size) != 0)
        return NULL;
    for (size_t i = 0; i < 2; i++)
        if (mmap(place + i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                 fileno(file), 0) == MAP_FAILED)
            return NULL;
    fclose(file);
    return place;
}

static void memory_that_is_there_twice_is_none(struct suite_run *run)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = map_twice(size);
    const void *at = NULL;

    CHECK(run, memory != NULL);
    CHECK_EQUAL(run, probe_buffer(memory, size, true, &at), PROBE_OK);
    CHECK_EQUAL(run, probe_buffer(memory, 2 * size, true, &at), PROBE_NOT_MEMORY);
    // Of its address the byte that tells the two apart.
    CHECK(run, (const unsigned char *)at < memory + sizeof(uintptr_t));
    munmap(memory, 2 * size);
}

static const struct suite_case cases[] = {SUITE_CASE(memory_that_is_there_twice_is_none)};
const struct suite mirrored_suite = SUITE("mirrored", cases);
