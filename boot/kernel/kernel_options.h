// SPDX-License-Identifier: MIT
// kernel_options: the kernel's options on the command line, which the loader passes on whole.
//
//     run=ID            an id of this run, 1 to 32 characters of A-Z a-z 0-9 _ . -; the final line
//                       repeats it, so that a log cannot be taken for another run's
//     exit-port=0xf4    end QEMU through its isa-debug-exit device at this I/O port
//     fail=N            fault injection: fail the Nth allocation of the kernel
//     ledger            tell every allocation from the early heap, a line each: kmem/journal.h; so
//                       does the loader
//     loglevel=N        print messages of a level below N, 0 to 8: at 7, the default, what each
//                       step found and took (6); at 8 also lists that grow with the machine (7), of
//                       the ranges of memory; at 6 neither: console.h. Errors and results always
//     out-of-memory=WHAT  what becomes of a boot whose early heap is full. stop, the default: it is
//                       measured, reported and ended. degrade: as many processors are started as
//                       there is room for. carry-on: a step that got no memory is left out, if the
//                       boot can do without it
//     only=NAME         run only this test suite, or this case of it (the test kernel)
//     module=, seed=, loader-fail=   the loader's: boot/loader/loader_options.h
#ifndef BOOT_KERNEL_KERNEL_OPTIONS_H
#define BOOT_KERNEL_KERNEL_OPTIONS_H

#include "kmem/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_OPTIONS_RUN_MAX 32   // characters, without the NUL
#define KERNEL_OPTIONS_ONLY_MAX 128 // likewise

// What a kernel does when the early heap is full.
enum kernel_choice { KERNEL_STOPS, KERNEL_DEGRADES, KERNEL_CARRIES_ON };

struct kernel_options {
    char run[KERNEL_OPTIONS_RUN_MAX + 1];   // "-" if not given
    char only[KERNEL_OPTIONS_ONLY_MAX + 1]; // "" if not given
    uint16_t exit_port;                     // 0 if not given
    uint64_t fail;                          // 0 if not given
    uint64_t loglevel;                      // CONSOLE_LOGLEVEL_DEFAULT if not given
    enum kernel_choice out_of_memory;       // KERNEL_STOPS if not given
    bool ledger;
};

// Reads the kernel's options from the command line `text`, `length` bytes. An option that is
// unknown, or whose value cannot be read, is reported to `writer` and otherwise ignored; options
// that are not given have the values above. Linear in the length.
void kernel_options_parse(struct kernel_options *options, const char *text, size_t length,
                          const struct writer *writer);

#endif
