// SPDX-License-Identifier: MIT
// suite: the test framework of the suites, which run on the host and on the metal alike. It needs
// kmem/ and nothing else, and speaks KTAP through a writer.
//
// A suite is a table of cases, and a case a function named after the promise that it checks:
//     static void an_exact_fit_succeeds(struct suite_run *run)
//     {
//         CHECK_EQUAL(run, fba_capacity(&fba), 64);
//     }
//     static const struct suite_case cases[] = {SUITE_CASE(an_exact_fit_succeeds)};
//     const struct suite fba_suite = SUITE("fba", cases);
// suite.c lists the suites of kmem/, tests/boot and tests/metal their own. Cases share nothing:
// each builds what it needs, in static buffers, because the stack of a young kernel is small.
#ifndef TESTS_SUITES_SUITE_H
#define TESTS_SUITES_SUITE_H

#include "kmem/fba.h"
#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The run of one case.
struct suite_run {
    const struct writer *writer;
    bool failed;
};

struct suite_case {
    const char *name;
    void (*run)(struct suite_run *run);
};

struct suite {
    const char *name;
    const struct suite_case *cases;
    size_t count;
};

#define SUITE_CASE(function)                                                                       \
    {                                                                                              \
#function, function                                                                        \
    }
#define SUITE(name, cases)                                                                         \
    {                                                                                              \
        name, cases, sizeof(cases) / sizeof((cases)[0])                                            \
    }

// The suites of a folder. suite.c knows the lists; each folder's own is in its list.
struct suite_list {
    const struct suite *const *suites;
    size_t count;
};
#define SUITE_LIST(suites)                                                                         \
    {                                                                                              \
        suites, sizeof(suites) / sizeof((suites)[0])                                               \
    }

// Runs all suites (or those matching `only`, "suite" or "suite.case", NULL for all) and writes
// KTAP; returns the number of failed cases. An `only` that matches nothing is a failure that says
// so.
size_t suites_run(const struct writer *writer, const char *only);

// A check that fails writes where it stands, what it says and which values it saw, and returns
// from the function that it stands in: what follows may rely on it.
#define CHECK(run, condition) CHECK_(suite_check((run), AT_, (condition), #condition))
#define CHECK_EQUAL(run, got, wanted)                                                              \
    CHECK_(suite_check_equal((run), AT_, (uintmax_t)(got), (uintmax_t)(wanted), #got, #wanted))
#define CHECK_ADDRESS(run, got, wanted)                                                            \
    CHECK_(suite_check_equal((run), AT_, (uintptr_t)(got), (uintptr_t)(wanted), #got, #wanted))
#define CHECK_STATUS(run, got, wanted) CHECK_(suite_check_status((run), AT_, (got), (wanted), #got))
#define CHECK_TEXT(run, got, wanted) CHECK_(suite_check_text((run), AT_, (got), (wanted), #got))
// All of the bytes at `start` have this value.
#define CHECK_BYTES(run, start, size, value)                                                       \
    CHECK_(suite_check_bytes((run), AT_, (start), (size), (value), #start))

#define AT_ ((struct suite_place){__FILE__, __LINE__})
#define CHECK_(passed)                                                                             \
    do {                                                                                           \
        if (!(passed))                                                                             \
            return;                                                                                \
    } while (0)

struct suite_place {
    const char *file;
    int line;
};
bool suite_check(struct suite_run *run, struct suite_place at, bool passed, const char *what);
bool suite_check_equal(struct suite_run *run, struct suite_place at, uintmax_t got,
                       uintmax_t wanted, const char *got_text, const char *wanted_text);
bool suite_check_status(struct suite_run *run, struct suite_place at, enum fba_status got,
                        enum fba_status wanted, const char *what);
bool suite_check_text(struct suite_run *run, struct suite_place at, const char *got,
                      const char *wanted, const char *what);
bool suite_check_bytes(struct suite_run *run, struct suite_place at, const void *start, size_t size,
                       unsigned char value, const char *what);

// Whether two strings are the same.
bool suite_same_text(const char *a, const char *b);

// Whether `part` stands somewhere in `text`.
bool suite_contains(const char *text, const char *part);

// The next number of a repeatable sequence; `state` is any number at first but 0 (xorshift64,
// Marsaglia, "Xorshift RNGs", 2003).
static inline uint64_t suite_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// The next number below a limit; divides no 64 bits, which some processors have a library for.
static inline size_t suite_random_below(uint64_t *state, size_t limit)
{
    return (uint32_t)(suite_random(state) >> 32) % limit;
}

extern const struct suite fba_suite;
extern const struct suite scratch_suite;
extern const struct suite mark_suite;
extern const struct suite fba_handoff_suite;
extern const struct suite caller_suite;
extern const struct suite fba_shared_suite;
extern const struct suite allocator_suite;
extern const struct suite array_list_suite;
extern const struct suite free_lists_suite;
extern const struct suite header_suite;
extern const struct suite ledger_suite;
extern const struct suite failing_suite;
extern const struct suite redzone_suite;
extern const struct suite poison_suite;
extern const struct suite probe_suite;
extern const struct suite reclaim_suite;
extern const struct suite region_suite;
extern const struct suite region_sources_suite;
extern const struct suite region_fdt_suite;
extern const struct suite writer_suite;
extern const struct suite journal_suite;
extern const struct suite report_suite;

#endif
