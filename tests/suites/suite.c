// SPDX-License-Identifier: MIT
// The runner of suite.h, and the list of all suites. KTAP is described in the Linux kernel,
// Documentation/dev-tools/ktap.rst: version line, plan, results, sub-suites indented by four
// blanks, diagnostics above the result that they explain.
#include "tests/suites/suite.h"

static const struct suite *const suites[] = {
    &fba_suite,         &scratch_suite,    &mark_suite,
    &fba_handoff_suite, &caller_suite,     &fba_shared_suite,
    &allocator_suite,   &array_list_suite, &free_lists_suite,
    &header_suite,      &ledger_suite,     &failing_suite,
    &redzone_suite,     &poison_suite,     &probe_suite,
    &reclaim_suite,     &writer_suite,     &report_suite,
    &journal_suite,     &region_suite,     &region_sources_suite,
    &region_fdt_suite,
};
static const struct suite_list kmem_suites = SUITE_LIST(suites);

// What tests/boot, tests/kernel, tests/loader, tests/metal and tests/host add, where they are
// linked.
__attribute__((weak)) extern const struct suite_list boot_suites;
__attribute__((weak)) extern const struct suite_list kernel_suites;
__attribute__((weak)) extern const struct suite_list loader_suites;
__attribute__((weak)) extern const struct suite_list metal_suites;
__attribute__((weak)) extern const struct suite_list host_suites;
static const struct suite_list *const lists[] = {&kmem_suites,   &boot_suites,  &kernel_suites,
                                                 &loader_suites, &metal_suites, &host_suites};

// The suite of this number, counted through all lists; NULL behind the last.
static const struct suite *suite_at(size_t number)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!lists[i])
            continue;
        if (number < lists[i]->count)
            return lists[i]->suites[number];
        number -= lists[i]->count;
    }
    return NULL;
}

#define INDENT "    "

bool suite_same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool suite_contains(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        size_t length = 0;
        while (part[length] != '\0' && text[length] == part[length])
            length++;
        if (part[length] == '\0')
            return true;
    }
    return *part == '\0';
}

// Whether "suite" or "suite.case" names this case.
static bool matches(const char *only, const struct suite *suite, const struct suite_case *one)
{
    const char *name = suite->name;

    if (!only)
        return true;
    while (*name != '\0' && *name == *only) {
        name++;
        only++;
    }
    if (*name != '\0')
        return false;
    return *only == '\0' || (*only == '.' && suite_same_text(only + 1, one->name));
}

static size_t count_matching(const struct suite *suite, const char *only)
{
    size_t count = 0;

    for (size_t i = 0; i < suite->count; i++)
        count += matches(only, suite, &suite->cases[i]);
    return count;
}

// Returns the number of failed cases.
static size_t run_suite(const struct writer *writer, const struct suite *suite, const char *only)
{
    size_t number = 0;
    size_t failed = 0;

    writer_print(writer, INDENT "KTAP version 1\n" INDENT "# Subtest: %s\n" INDENT "1..%zu\n",
                 suite->name, count_matching(suite, only));
    for (size_t i = 0; i < suite->count; i++) {
        const struct suite_case *one = &suite->cases[i];
        struct suite_run run = {writer, false};

        if (!matches(only, suite, one))
            continue;
        one->run(&run);
        number++;
        failed += run.failed;
        writer_print(writer, INDENT "%s %zu %s\n", run.failed ? "not ok" : "ok", number, one->name);
    }
    return failed;
}

size_t suites_run(const struct writer *writer, const char *only)
{
    size_t planned = 0;
    size_t number = 0;
    size_t failed = 0;

    for (size_t i = 0; suite_at(i); i++)
        planned += count_matching(suite_at(i), only) > 0;
    writer_print(writer, "KTAP version 1\n1..%zu\n", planned > 0 ? planned : 1);
    if (planned == 0) {
        writer_print(writer, "not ok 1 no suite and no case is named \"%s\"\n", only);
        return 1;
    }
    for (size_t i = 0; suite_at(i); i++) {
        const struct suite *suite = suite_at(i);
        if (count_matching(suite, only) == 0)
            continue;
        size_t failed_here = run_suite(writer, suite, only);
        number++;
        failed += failed_here;
        writer_print(writer, "%s %zu %s\n", failed_here > 0 ? "not ok" : "ok", number, suite->name);
    }
    return failed;
}

static void fail(struct suite_run *run, struct suite_place at)
{
    run->failed = true;
    writer_print(run->writer, INDENT "# %s:%d: ", at.file, at.line);
}

bool suite_check(struct suite_run *run, struct suite_place at, bool passed, const char *what)
{
    if (passed)
        return true;
    fail(run, at);
    writer_print(run->writer, "%s: false\n", what);
    return false;
}

bool suite_check_equal(struct suite_run *run, struct suite_place at, uintmax_t got,
                       uintmax_t wanted, const char *got_text, const char *wanted_text)
{
    if (got == wanted)
        return true;
    fail(run, at);
    writer_print(run->writer, "%s == %s: got %llu (0x%llx), wanted %llu (0x%llx)\n", got_text,
                 wanted_text, (unsigned long long)got, (unsigned long long)got,
                 (unsigned long long)wanted, (unsigned long long)wanted);
    return false;
}

bool suite_check_status(struct suite_run *run, struct suite_place at, enum fba_status got,
                        enum fba_status wanted, const char *what)
{
    if (got == wanted)
        return true;
    fail(run, at);
    writer_print(run->writer, "%s: got \"%s\", wanted \"%s\"\n", what, fba_status_name(got),
                 fba_status_name(wanted));
    return false;
}

bool suite_check_text(struct suite_run *run, struct suite_place at, const char *got,
                      const char *wanted, const char *what)
{
    if (suite_same_text(got, wanted))
        return true;
    fail(run, at);
    writer_print(run->writer, "%s: got \"%s\", wanted \"%s\"\n", what, got, wanted);
    return false;
}

bool suite_check_bytes(struct suite_run *run, struct suite_place at, const void *start, size_t size,
                       unsigned char value, const char *what)
{
    const unsigned char *bytes = start;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == value)
            continue;
        fail(run, at);
        writer_print(run->writer, "%s[%zu]: got 0x%02x, wanted 0x%02x\n", what, i, bytes[i], value);
        return false;
    }
    return true;
}
