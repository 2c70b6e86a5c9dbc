// SPDX-License-Identifier: MIT
// command_line: the words of the text that the loader was started with, or found in \cmdline.txt.
//
//     run=ID            an id of this run, 1 to 32 characters of A-Z a-z 0-9 _ . -; it comes back
//                       in the final line, so that a log cannot be taken for another run's
//     exit-port=0xf4    end QEMU through its isa-debug-exit device at this I/O port
//     fail=N            refuse the Nth allocation of the kernel on purpose, to see what it says
//     only=NAME         run only this test suite, or this case of it (the test kernel)
//     module=, seed=    the loader's: boot/loader/requests.h
#ifndef BOOT_KERNEL_COMMAND_LINE_H
#define BOOT_KERNEL_COMMAND_LINE_H

#include "kmem/writer.h"

#include <stddef.h>
#include <stdint.h>

#define COMMAND_LINE_RUN_MAX 32
#define COMMAND_LINE_ONLY_MAX 128

struct command_line {
    char run[COMMAND_LINE_RUN_MAX + 1];   // "-" if not given
    char only[COMMAND_LINE_ONLY_MAX + 1]; // "" if not given
    uint16_t exit_port;                   // 0 if not given
    uint64_t fail;                        // 0 if not given
};

// Reads the words of `text`, `length` bytes, separated by blanks, tabs and line ends. A word that
// is unknown, or whose value is not understood, is named through `writer` and otherwise ignored.
void command_line_parse(struct command_line *line, const char *text, size_t length,
                        const struct writer *writer);

#endif
