// SPDX-License-Identifier: MIT
// early_traps: exceptions before the early heap has given anything: descriptor tables, gates and
// one interrupt stack in static memory.
#ifndef BOOT_KERNEL_EARLY_TRAPS_H
#define BOOT_KERNEL_EARLY_TRAPS_H

#include "arch/x86_64/traps.h"
#include "boot/handoff.h"
#include "kmem/writer.h"

// Loads the tables on this processor. Once, before anything that may fault.
void early_traps_load(void);

// The gates that application processors begin with, which have no interrupt stacks then. They are
// built in the place of early_traps_load()'s: only once this processor uses others.
const struct traps_gate *early_traps_gates_of_others(void);

// Makes reports of traps name the boot stack and the guard pages of linker.ld. Once, when the
// handoff has been checked.
void early_traps_add_places(const struct handoff *handoff);

#endif
