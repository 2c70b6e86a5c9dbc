// SPDX-License-Identifier: MIT
// stub_fw_cfg: QEMU's fw_cfg device on the host, behind the ports of boot/loader/fw_cfg.h.
#ifndef TESTS_LOADER_STUB_FW_CFG_H
#define TESTS_LOADER_STUB_FW_CFG_H

#include "boot/loader/fw_cfg.h"

struct stub_fw_cfg_file {
    const char *name;
    const void *data;
    uint32_t size;
};

struct stub_fw_cfg {
    // What it offers, up to one without a name, and how it misbehaves.
    struct stub_fw_cfg_file files[8];
    bool has_no_dma; // as an old QEMU, or another device at these ports
    bool never_answers;
    uint32_t overstated;       // files that the directory counts and does not have
    unsigned failing_transfer; // the number of the transfer that fails, from 1; 0: none

    unsigned transfers; // so far
    uint16_t key;       // selected
    uint64_t position;  // in it
    uint32_t address_high;
};

struct device_io stub_fw_cfg_ports(struct stub_fw_cfg *device);

#endif
