// SPDX-License-Identifier: MIT
// The list of suites.h.
#include "tests/loader/suites.h"

static const struct suite *const suites[] = {
    &loader_options_suite, &manifest_suite,   &placement_suite, &fw_cfg_suite,
    &first_fault_suite,    &named_port_suite, &loader_suite,
};
const struct suite_list loader_suites = SUITE_LIST(suites);
