// SPDX-License-Identifier: MIT
// probe: a memory test of a buffer before an fba is opened over it: whether it is memory, each byte
// once, and zero if that is promised. For debug builds and for the first boot on a new machine: an
// fba itself writes nothing to its buffer, and so does not see that it is wrong.
#ifndef KMEM_PROBE_H
#define KMEM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// X(status, what it means)
#define PROBE_STATUSES(X)                                                                          \
    X(PROBE_OK, "it is memory, and zero now")                                                      \
    X(PROBE_NOT_ZERO, "it was not zero: is .bss cleared before? it is zero now")                   \
    X(PROBE_NOT_MEMORY, "what was written is not read back: no memory, or the same one twice")
#define PROBE_STATUS_(status, meaning) status,
enum probe_status { PROBE_STATUSES(PROBE_STATUS_) PROBE_STATUS_COUNT };

// Writes all bytes of [buffer, buffer + size), then reads them back, and leaves them zero.
// `is_zero`: they are to be zero before. A page that is not mapped traps, as ever. Linear in
// `size`. Fails iff a byte is not as it should be; the address of the first is put into *at, if
// `at` is not NULL.
enum probe_status probe_buffer(void *buffer, size_t size, bool is_zero, const void **at);

// What a status means; "unknown" for a value outside the enumeration.
const char *probe_meaning(enum probe_status status);

#ifdef __cplusplus
}
#endif

#endif
