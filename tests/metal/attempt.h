// SPDX-License-Identifier: MIT
// attempt: an instruction that may trap, and what became of it. After a trap the code is resumed
// behind it.
#ifndef TESTS_METAL_ATTEMPT_H
#define TESTS_METAL_ATTEMPT_H

#include "arch/x86_64/traps.h"

#include <stdbool.h>
#include <stdint.h>

// What became of an attempt.
struct attempt {
    bool trapped;
    uint64_t vector, error;
    uintptr_t address; // CR2: where a page fault was
    uintptr_t frame;   // where the processor put the trap's frame
};

// The error code of a page fault, SDM 3A 4.7.
#define PAGE_FAULT_PRESENT UINT64_C(1)
#define PAGE_FAULT_WRITE UINT64_C(2)
#define PAGE_FAULT_FETCH UINT64_C(16)

struct attempt attempt_read(uintptr_t address);
struct attempt attempt_write(uintptr_t address, uint8_t byte);
// Calls the instructions there, which are expected to be a mere `ret`.
struct attempt attempt_execute(uintptr_t address);
// Pushes onto the current stack until it traps. What lies below it is overwritten.
struct attempt attempt_overflow(void);
// An undefined instruction, and the software interrupts with these numbers.
struct attempt attempt_undefined(void);
struct attempt attempt_nmi_vector(void);
struct attempt attempt_machine_check_vector(void);
struct attempt attempt_last_vector(void);

#endif
