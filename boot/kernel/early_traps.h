// SPDX-License-Identifier: MIT
// early_traps: exceptions before the early heap has given anything: descriptor tables and gates in
// static memory, no interrupt stacks. Application processors begin with these gates too.
#ifndef BOOT_KERNEL_EARLY_TRAPS_H
#define BOOT_KERNEL_EARLY_TRAPS_H

#include "arch/x86_64/traps.h"
#include "boot/handoff.h"
#include "kmem/writer.h"

// Loads the tables on this processor. Once, before anything that may fault.
void early_traps_load(void);

// The gates that early_traps_load() has built.
const struct traps_gate *early_traps_gates(void);

// Makes reports of traps name the boot stack and the guard pages of linker.ld. Once, when the
// handoff has been checked.
void early_traps_add_places(const struct handoff *handoff);

#endif
