// SPDX-License-Identifier: MIT
// The suites of this folder: the loader, all of it but its jump, on a stub of the firmware. Host
// only; suites.c makes them known to tests/suites.
#ifndef TESTS_LOADER_SUITES_H
#define TESTS_LOADER_SUITES_H

#include "tests/suites/suite.h"

extern const struct suite first_fault_suite;
extern const struct suite fw_cfg_suite;
extern const struct suite loader_suite;
extern const struct suite manifest_suite;
extern const struct suite named_port_suite;
extern const struct suite placement_suite;
extern const struct suite loader_options_suite;

extern const struct suite_list loader_suites;

#endif
