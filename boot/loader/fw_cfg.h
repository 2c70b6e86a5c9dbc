// SPDX-License-Identifier: MIT
// fw_cfg: a driver for QEMU's firmware configuration device, which offers files to the guest
// (-fw_cfg name=NAME,file=FILE), through its DMA interface. The device takes physical addresses, so
// memory must be mapped at its own address, as it is under UEFI.
//
// Source: QEMU, docs/specs/fw_cfg.rst.
#ifndef BOOT_LOADER_FW_CFG_H
#define BOOT_LOADER_FW_CFG_H

#include "arch/x86_64/device_io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All-zero: not present.
struct fw_cfg {
    struct device_io ports;
    bool present;
};

// A file that the device offers.
struct fw_cfg_file {
    uint32_t size; // bytes
    uint16_t key;
};

// Looks for the device at its ports, which are accessed with 32 bits. It is not present iff no
// device with a DMA interface answers. Only under a hypervisor: on a real machine another device
// may have these ports.
void fw_cfg_open(struct fw_cfg *fw_cfg, struct device_io ports);

// Finds a file by its name. Returns false iff the device is not present, offers no such file or
// does not answer. O(files of the device).
bool fw_cfg_find(const struct fw_cfg *fw_cfg, const char *name, struct fw_cfg_file *file);

// Reads a whole file to `to`, which has room for `file->size` bytes. Returns false iff the device
// reports an error or does not answer; part of it may have been written then.
bool fw_cfg_read(const struct fw_cfg *fw_cfg, const struct fw_cfg_file *file, void *to);

#endif
