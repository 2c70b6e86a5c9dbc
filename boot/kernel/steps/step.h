// SPDX-License-Identifier: MIT
// step: what every step of the early boot is. A step takes what it needs from the early heap and
// keeps what it has made in its own file; later steps get that through its header. To add a step:
// its file and header here, and one row in steps.c.
#ifndef BOOT_KERNEL_STEPS_STEP_H
#define BOOT_KERNEL_STEPS_STEP_H

#include "boot/kernel/kernel.h"

enum step_result {
    STEP_DONE,      // what the machine lacks has been printed, and the boot goes on without it
    STEP_NO_MEMORY, // an allocation from the early heap failed
    STEP_STOPPED,   // the boot cannot go on; the reason has been printed
};

struct step {
    const char *name; // tag of its blocks in the ledger, and its name on the console
    enum step_result (*run)(struct kernel *kernel);
    // Stops using what the step has mapped or taken from the heap, so that the heap can be opened
    // anew and the step run again. NULL: it only forgets it. May be called if the step has not run.
    void (*undo)(struct kernel *kernel);
    bool can_be_left_out; // the boot can do without what it makes
};

#endif
