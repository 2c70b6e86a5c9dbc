// SPDX-License-Identifier: MIT
// loader: the state of the UEFI boot loader, which its pieces work on, and what a step of it
// returns. run.h puts the steps in order. All of the loader but main.c and enter.S runs on the host
// too, on a stub of the firmware.
#ifndef BOOT_LOADER_LOADER_H
#define BOOT_LOADER_LOADER_H

#include "arch/x86_64/paging.h"
#include "boot/console/serial.h"
#include "boot/early_heap.h"
#include "boot/handoff.h"
#include "boot/loader/elf.h"
#include "boot/loader/firmware.h"
#include "boot/loader/fw_cfg.h"
#include "boot/loader/loader_options.h"
#include "boot/loader/verifier.h"
#include "boot/range.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a step of the loader returns.
enum loader_result {
    LOADER_DONE,
    // The early heap is full. It has reported what failed; a larger one may do.
    LOADER_OUT_OF_MEMORY,
    // The loader cannot start the kernel. The console has said why; `status` is for the firmware.
    LOADER_STOPPED,
    // ExitBootServices failed with `status`, and boot services may be partly shut down: nothing of
    // the firmware may be called, not even its console.
    LOADER_EXIT_FAILED,
};

// A file in memory, in pages of its own; all-zero: none.
struct loader_file {
    struct firmware_pages pages;
    uint64_t size; // bytes
};

// The processor's random number generator; `draw` is NULL where there is none.
struct loader_random {
    bool (*draw)(void *context, uint64_t *number); // false: no number at the moment
    void *context;
};

struct loader {
    // Set by main.c before the first step; everything else is zero then.
    struct firmware firmware;
    struct fw_cfg fw_cfg;
    struct loader_random random;
    const struct verifier *verifier; // NULL: nothing has to be signed
    uint64_t tsc;                    // time stamp counter at the entry
    uint64_t base;                   // where the loader's own image lies
    struct range code, data;         // of it; the data behind the code
    struct serial_port named_port;   // named_port.h; no driver: none

    EFI_STATUS status; // meaningful with LOADER_STOPPED and LOADER_EXIT_FAILED

    // files.h
    struct loader_file manifest;
    char command_line[HANDOFF_COMMAND_LINE_MAX + 1]; // without a NUL; room for a line feed
    size_t command_line_size;
    struct loader_options options;
    struct loader_file kernel_file;
    struct elf_image elf; // what is in the kernel file
    struct loader_file modules[LOADER_OPTIONS_MODULES_MAX];

    // Anew for each attempt of run.c: memory for the kernel and its early heap, and what lies
    // there.
    uint64_t region_size; // as linked, or larger in a measuring run
    struct firmware_pages image;
    struct early_heap heap;
    struct handoff *handoff;                // in the early heap
    void *map_buffer;                       // likewise: for the final memory map,
    uint64_t map_capacity;                  // so many bytes
    struct paging paging;                   // the kernel's page tables
    struct firmware_pages jump_tables;      // page tables that only the jump needs
    struct handoff_framebuffer late_screen; // late_console.h; mapped beside the loader's image

    struct handoff_failure failure; // of the first attempt, if it ran out of memory
};

// Prints "loader: stopped: ", the formatted reason and the meaning of `status` on the console, and
// stores `status`. Returns LOADER_STOPPED. Only while boot services are intact.
__attribute__((format(printf, 3, 4))) enum loader_result
loader_stop(struct loader *loader, EFI_STATUS status, const char *format, ...);

#endif
