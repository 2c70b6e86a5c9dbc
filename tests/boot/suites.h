// SPDX-License-Identifier: MIT
// The suites of this folder: what boot/ and arch/x86_64 promise, as far as plain C can show it.
// They run on the host and on the metal; suites.c makes them known to tests/suites.
#ifndef TESTS_BOOT_SUITES_H
#define TESTS_BOOT_SUITES_H

#include "tests/suites/suite.h"

#include <stdint.h>

extern const struct suite acpi_suite;
extern const struct suite aml_suite;
extern const struct suite apic_suite;
extern const struct suite cmdline_suite;
extern const struct suite console_suite;
extern const struct suite descriptors_suite;
extern const struct suite early_heap_suite;
extern const struct suite device_map_suite;
extern const struct suite elf_note_suite;
extern const struct suite elf_suite;
extern const struct suite handoff_check_suite;
extern const struct suite kernel_options_suite;
extern const struct suite memory_map_suite;
extern const struct suite page_frames_suite;
extern const struct suite paging_suite;
extern const struct suite pci_suite;
extern const struct suite power_suite;
extern const struct suite range_suite;
extern const struct suite recorded_maps_suite;
extern const struct suite screen_suite;
extern const struct suite spcr_port_suite;
extern const struct suite timer_suite;
extern const struct suite uart_suite;
extern const struct suite wait_suite;
extern const struct suite wx_check_suite;

extern const struct suite_list boot_suites;

#endif
