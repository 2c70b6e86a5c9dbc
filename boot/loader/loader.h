// SPDX-License-Identifier: MIT
// loader: what the loader knows, and its steps in the order in which loader_run() takes them. All
// of it but main.c runs on the host too, against a firmware that a test made up.
//
// A step returns false iff the loader must stop; it has then said why, in a sentence that begins
// with "loader: stopped: ", and `status` is what the firmware shall get.
#ifndef BOOT_LOADER_LOADER_H
#define BOOT_LOADER_LOADER_H

#include "arch/x86_64/paging.h"
#include "boot/early_heap.h"
#include "boot/handoff.h"
#include "boot/loader/elf.h"
#include "boot/loader/firmware.h"
#include "boot/loader/fw_cfg.h"
#include "boot/loader/loader_options.h"

#include <stdbool.h>
#include <stdint.h>

// The map may grow between its measurement and the exit: our own allocations split descriptors,
// and the firmware's timers allocate.
#define LOADER_MAP_SLACK 32 // descriptors

// A file in memory.
struct loader_file {
    struct firmware_pages pages;
    uint64_t size;
};

struct loader {
    // Set by main.c before the first step.
    struct firmware firmware;
    struct fw_cfg fw_cfg;
    bool (*random)(uint64_t *number); // the processor's random numbers; NULL: it has none
    uint64_t tsc;                     // at the entry

    EFI_STATUS status;
    bool firmware_half_gone; // boot services may have ended: nothing of the firmware may be called

    char command_line[HANDOFF_COMMAND_LINE_MAX];
    uint64_t command_line_size;
    struct loader_options options;
    struct loader_file kernel_file;
    struct elf_image elf;
    struct loader_file modules[LOADER_OPTIONS_MODULES_MAX];

    struct firmware_pages image;
    uint64_t region_size;   // what is used for the region: more than linked in a measuring run
    struct early_heap heap; // over the region
    struct handoff_failure failure; // of the first heap, in a measuring run

    struct handoff *handoff;
    struct paging paging;
    struct firmware_pages jump_tables;
    void *map_buffer;
    uint64_t map_capacity;
};

// All steps. True: boot services have ended, the handoff is complete, and what is left is the jump
// of boot/handoff.h. False: all memory has been given back to the firmware, unless it is half gone.
bool loader_run(struct loader *loader);

// files.c: the command line, from the load options or a file; the kernel, checked; the modules.
// Each file from fw_cfg if it is offered there, else from the volume.
bool loader_read_command_line(struct loader *loader);
bool loader_read_kernel(struct loader *loader);
bool loader_read_modules(struct loader *loader);
void loader_free_file(struct loader *loader, struct loader_file *file);

// image.c: memory for image and region, where the firmware or chance puts it; the segments in it.
bool loader_draw_seed(struct loader *loader);
bool loader_place_image(struct loader *loader);
void loader_load_image(struct loader *loader);

// region.c: the early heap over the region, and in it what the kernel needs. False without a word
// if it ran out, which `heap.failed` tells.
bool loader_open_heap(struct loader *loader);
bool loader_leave_boot_info(struct loader *loader);
bool loader_make_room_for_map(struct loader *loader);
bool loader_map_kernel(struct loader *loader);
bool loader_map_jump(struct loader *loader);

// leave.c: the structure filled in, and the end of boot services.
bool loader_fill_handoff(struct loader *loader);
bool loader_exit_firmware(struct loader *loader);

// enter.S, and a stand-in on the host: see there.
void enter_kernel(uint64_t root, uint64_t entry, uint64_t handoff);

// Says why the loader stops, with what the status means behind it. Returns false.
__attribute__((format(printf, 3, 4))) bool loader_stop(struct loader *loader, EFI_STATUS status,
                                                       const char *format, ...);

#endif
