// SPDX-License-Identifier: MIT
// The list of suites.h.
#include "tests/kernel/suites.h"

static const struct suite *const suites[] = {
    &boot_time_suite,
    &seal_suite,
    &steps_suite,
};
const struct suite_list kernel_suites = SUITE_LIST(suites);
