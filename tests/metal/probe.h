// SPDX-License-Identifier: MIT
// probe: an access that may trap. After the trap the code is resumed behind the probe.
#ifndef TESTS_METAL_PROBE_H
#define TESTS_METAL_PROBE_H

#include "arch/x86_64/traps.h"

#include <stdbool.h>
#include <stdint.h>

// What became of a probe.
struct probe {
    bool trapped;
    uint64_t vector, error;
    uintptr_t address; // CR2: where a page fault was
    uintptr_t frame;   // where the processor put the trap's frame
};

// The error code of a page fault, SDM 3A 4.7.
#define PROBE_PRESENT UINT64_C(1)
#define PROBE_WRITE UINT64_C(2)
#define PROBE_FETCH UINT64_C(16)

struct probe probe_read(uintptr_t address);
struct probe probe_write(uintptr_t address, uint8_t byte);
// Calls the instructions there, which are expected to be a mere `ret`.
struct probe probe_execute(uintptr_t address);
// Pushes onto the current stack until it traps. What lies below it is overwritten.
struct probe probe_overflow(void);
// An undefined instruction, and the software interrupts with these numbers.
struct probe probe_undefined(void);
struct probe probe_nmi_vector(void);
struct probe probe_machine_check_vector(void);
struct probe probe_last_vector(void);

#endif
