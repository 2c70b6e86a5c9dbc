// SPDX-License-Identifier: MIT
// What kmem/fba.h promises, a case a promise. Read from top to bottom it is a manual.
#include "tests/suites/suite.h"

static unsigned char memory[4096];
static struct fba fba;

static void an_exact_fit_succeeds(struct suite_run *run)
{
    fba_init(&fba, memory, 64);
    CHECK_ADDRESS(run, fba_alloc(&fba, 64, 1), memory);
    CHECK_EQUAL(run, fba_used(&fba), 64);
    CHECK(run, !fba_alloc(&fba, 1, 1));
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_exact_fit_succeeds),
};
const struct suite fba_suite = SUITE("fba", cases);
