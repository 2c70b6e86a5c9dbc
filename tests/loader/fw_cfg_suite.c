// SPDX-License-Identifier: MIT
// What boot/loader/fw_cfg.h promises, on a stub of the device; the scenarios boot from a real
// one.
#include "tests/loader/stub_fw_cfg.h"
#include "tests/loader/suites.h"

#include <string.h>

static struct stub_fw_cfg device;
static struct fw_cfg fw_cfg;

// The longest name that fits: 55 characters.
#define LONGEST "opt/early-boot/4567890123456789012345678901234567890123"

static void start(void)
{
    device = (struct stub_fw_cfg){
        .files = {{"etc/e820", "0123", 4}, {"opt/a", "hello", 5}, {LONGEST, "x", 1}}};
    fw_cfg_open(&fw_cfg, stub_fw_cfg_ports(&device));
}

static void a_file_is_found_and_read(struct suite_run *run)
{
    struct fw_cfg_file file;
    char text[8] = "-------";

    start();
    CHECK(run, fw_cfg.present);
    CHECK(run, fw_cfg_find(&fw_cfg, "opt/a", &file));
    CHECK_EQUAL(run, file.size, 5);
    CHECK(run, fw_cfg_read(&fw_cfg, &file, text));
    CHECK_TEXT(run, text, "hello--");
    CHECK(run, fw_cfg_find(&fw_cfg, LONGEST, &file));
    CHECK_EQUAL(run, file.size, 1);
}

static void only_the_whole_name_will_do(struct suite_run *run)
{
    struct fw_cfg_file file;

    start();
    CHECK(run, !fw_cfg_find(&fw_cfg, "opt/", &file));
    CHECK(run, !fw_cfg_find(&fw_cfg, "opt/ab", &file));
    CHECK(run, !fw_cfg_find(&fw_cfg, LONGEST "4", &file));
    CHECK(run, !fw_cfg_find(&fw_cfg, "", &file));
}

static void without_the_interface_there_are_no_files(struct suite_run *run)
{
    struct fw_cfg_file file;

    start();
    device.has_no_dma = true;
    fw_cfg_open(&fw_cfg, stub_fw_cfg_ports(&device));
    CHECK(run, !fw_cfg.present && !fw_cfg_find(&fw_cfg, "opt/a", &file));
    CHECK_EQUAL(run, device.transfers, 0);
    fw_cfg = (struct fw_cfg){.present = false};
    CHECK(run, !fw_cfg.present && !fw_cfg_find(&fw_cfg, "opt/a", &file));
}

static void a_failed_transfer_is_an_error(struct suite_run *run)
{
    struct fw_cfg_file file;
    char text[8];

    for (unsigned i = 1; i <= 3; i++) { // the count, and two entries
        start();
        device.failing_transfer = i;
        CHECK(run, !fw_cfg_find(&fw_cfg, "opt/a", &file));
    }
    start();
    device.failing_transfer = 4;
    CHECK(run, fw_cfg_find(&fw_cfg, "opt/a", &file));
    CHECK(run, !fw_cfg_read(&fw_cfg, &file, text));
}

static void a_device_that_never_answers_does_not_hang(struct suite_run *run)
{
    struct fw_cfg_file file;

    start();
    device.never_answers = true;
    CHECK(run, !fw_cfg_find(&fw_cfg, "opt/a", &file));
}

static void a_directory_that_counts_too_many_files_ends(struct suite_run *run)
{
    struct fw_cfg_file file;

    start();
    device.overstated = UINT32_MAX - 8;
    CHECK(run, fw_cfg_find(&fw_cfg, "opt/a", &file));
    CHECK(run, !fw_cfg_find(&fw_cfg, "opt/ab", &file));
    CHECK(run, device.transfers < 20000);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_file_is_found_and_read),
    SUITE_CASE(only_the_whole_name_will_do),
    SUITE_CASE(without_the_interface_there_are_no_files),
    SUITE_CASE(a_failed_transfer_is_an_error),
    SUITE_CASE(a_device_that_never_answers_does_not_hang),
    SUITE_CASE(a_directory_that_counts_too_many_files_ends),
};
const struct suite fw_cfg_suite = SUITE("fw_cfg", cases);
