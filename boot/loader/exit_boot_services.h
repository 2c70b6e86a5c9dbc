// SPDX-License-Identifier: MIT
// exit_boot_services: the loader's last step under UEFI, ExitBootServices, with the memory map that
// it leaves behind.
#ifndef BOOT_LOADER_EXIT_BOOT_SERVICES_H
#define BOOT_LOADER_EXIT_BOOT_SERVICES_H

#include "boot/loader/loader.h"

// Ends boot services and puts the final memory map in the handoff. After boot_info_complete().
// LOADER_STOPPED: the map cannot be read to its buffer; boot services are intact.
// LOADER_EXIT_FAILED: ExitBootServices failed; boot services may be partly shut down.
enum loader_result exit_boot_services(struct loader *loader);

#endif
