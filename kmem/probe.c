// SPDX-License-Identifier: MIT
// The memory test of probe.h. While it is tested each word holds its own address, so that one that
// is there twice shows.
#include "probe.h"

#include <stdint.h>

typedef unsigned char probe_pattern(uintptr_t address);

static unsigned char probe_zero(uintptr_t address)
{
    (void)address;
    return 0;
}

// A byte of the address of the word that it is in.
static unsigned char probe_own_address(uintptr_t address)
{
    uintptr_t byte = address % sizeof address;

    return (unsigned char)((address - byte) >> (8 * byte));
}

static void probe_fill(void *buffer, size_t size, probe_pattern *pattern)
{
    volatile unsigned char *bytes = buffer;

    for (size_t i = 0; i < size; i++)
        bytes[i] = pattern((uintptr_t)buffer + i);
}

// The number of bytes in front of the first that is not as it should be.
static size_t probe_count_good(const void *buffer, size_t size, probe_pattern *pattern)
{
    const volatile unsigned char *bytes = buffer;
    size_t count = 0;

    while (count < size && bytes[count] == pattern((uintptr_t)buffer + count))
        count++;
    return count;
}

enum probe_status probe_buffer(void *buffer, size_t size, bool is_zero, const void **at)
{
    size_t zero = is_zero ? probe_count_good(buffer, size, probe_zero) : size;

    probe_fill(buffer, size, probe_own_address);
    size_t kept = probe_count_good(buffer, size, probe_own_address);
    probe_fill(buffer, size, probe_zero);
    if (kept == size && zero == size)
        return PROBE_OK;
    if (at)
        *at = (const unsigned char *)buffer + (kept < size ? kept : zero);
    return kept < size ? PROBE_NOT_MEMORY : PROBE_NOT_ZERO;
}

const char *probe_meaning(enum probe_status status)
{
#define PROBE_MEANING_(status, meaning) [status] = meaning,
    static const char *const meanings[] = {PROBE_STATUSES(PROBE_MEANING_)};

    return (unsigned)status < PROBE_STATUS_COUNT ? meanings[status] : "unknown";
}
