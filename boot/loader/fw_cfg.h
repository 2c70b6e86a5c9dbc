// SPDX-License-Identifier: MIT
// fw_cfg: files that QEMU offers to its guest (-fw_cfg name=NAME,file=FILE), read through the
// device's DMA interface. The device knows physical addresses only: whoever calls this runs with
// memory mapped at its own address, as under UEFI.
//
// Source: QEMU, docs/specs/fw_cfg.rst.
#ifndef BOOT_LOADER_FW_CFG_H
#define BOOT_LOADER_FW_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How the device's ports are reached: 32-bit accesses. A test has a device of its own.
struct fw_cfg_ports {
    uint32_t (*read)(void *context, uint16_t port);
    void (*write)(void *context, uint16_t port, uint32_t value);
    void *context;
};

struct fw_cfg {
    const struct fw_cfg_ports *ports;
    bool present;
};

// A file that the device offers.
struct fw_cfg_file {
    uint32_t size; // bytes
    uint16_t key;
};

// Looks for the device behind `ports`; NULL, or no device with a DMA interface: not present. On a
// real machine something else may own these ports: probe only where there is a hypervisor.
void fw_cfg_open(struct fw_cfg *fw_cfg, const struct fw_cfg_ports *ports);

// Whether the device offers a file of this name; which one. Linear in the device's files.
bool fw_cfg_find(const struct fw_cfg *fw_cfg, const char *name, struct fw_cfg_file *file);

// Reads all of a file to `to`. Fails iff the device refuses or does not answer: false.
bool fw_cfg_read(const struct fw_cfg *fw_cfg, const struct fw_cfg_file *file, void *to);

#endif
