// SPDX-License-Identifier: MIT
// kmem/probe.h: what is promised of a memory test, as far as memory that is there can show it;
// tests/host has the rest.
#include "tests/suites/suite.h"

#include "kmem/probe.h"

void *memset(void *to, int value, size_t size);

static _Alignas(64) unsigned char memory[256];

static void memory_passes_and_is_zero_afterwards(struct suite_run *run)
{
    memset(memory, 0xa5, sizeof memory);
    CHECK_EQUAL(run, probe_buffer(memory, sizeof memory, false, NULL), PROBE_OK);
    CHECK_BYTES(run, memory, sizeof memory, 0);
    CHECK_EQUAL(run, probe_buffer(memory, sizeof memory, true, NULL), PROBE_OK);
}

static void the_first_byte_that_is_not_zero_is_named(struct suite_run *run)
{
    const void *at = NULL;

    memset(memory, 0, sizeof memory);
    memory[77] = 1;
    memory[78] = 1;
    CHECK_EQUAL(run, probe_buffer(memory, sizeof memory, true, &at), PROBE_NOT_ZERO);
    CHECK_ADDRESS(run, at, &memory[77]);
    memory[77] = 1;
    CHECK_EQUAL(run, probe_buffer(memory, sizeof memory, true, NULL), PROBE_NOT_ZERO);
    CHECK_BYTES(run, memory, sizeof memory, 0);
}

static void nothing_outside_the_buffer_is_touched(struct suite_run *run)
{
    for (size_t size = 0; size < 20; size++) {
        memset(memory, 0xa5, sizeof memory);
        CHECK_EQUAL(run, probe_buffer(memory + 3, size, false, NULL), PROBE_OK);
        CHECK_BYTES(run, memory, 3, 0xa5);
        CHECK_BYTES(run, memory + 3, size, 0);
        CHECK_BYTES(run, memory + 3 + size, sizeof memory - 3 - size, 0xa5);
    }
}

static void each_status_has_a_meaning(struct suite_run *run)
{
    CHECK_TEXT(run, probe_meaning(PROBE_OK), "it is memory, and zero now");
    CHECK(run, suite_contains(probe_meaning(PROBE_NOT_ZERO), "not zero"));
    CHECK(run, suite_contains(probe_meaning(PROBE_NOT_MEMORY), "not read back"));
    CHECK_TEXT(run, probe_meaning(PROBE_STATUS_COUNT), "unknown");
}

static const struct suite_case cases[] = {
    SUITE_CASE(memory_passes_and_is_zero_afterwards),
    SUITE_CASE(the_first_byte_that_is_not_zero_is_named),
    SUITE_CASE(nothing_outside_the_buffer_is_touched),
    SUITE_CASE(each_status_has_a_meaning),
};
const struct suite probe_suite = SUITE("probe", cases);
