// SPDX-License-Identifier: MIT
// The list of suites.h.
#include "tests/boot/suites.h"

static const struct suite *const suites[] = {
    &elf_suite,           &elf_note_suite,   &memory_map_suite,  &recorded_maps_suite,
    &range_suite,         &acpi_suite,       &aml_suite,         &console_suite,
    &uart_suite,          &spcr_port_suite,  &screen_suite,      &wx_check_suite,
    &device_map_suite,    &wait_suite,       &cmdline_suite,     &kernel_options_suite,
    &handoff_check_suite, &early_heap_suite, &page_frames_suite, &paging_suite,
    &descriptors_suite,   &power_suite,      &timer_suite,       &apic_suite,
    &pci_suite,
};
const struct suite_list boot_suites = SUITE_LIST(suites);
