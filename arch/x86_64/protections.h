// SPDX-License-Identifier: MIT
// protections: SMEP, SMAP and UMIP, by which a processor guards the kernel against user mode.
#ifndef ARCH_X86_64_PROTECTIONS_H
#define ARCH_X86_64_PROTECTIONS_H

#include <stdbool.h>

struct protections {
    bool smep; // the kernel does not execute pages of user mode
    bool smap; // the kernel does not read or write them
    bool umip; // user mode does not learn where descriptor tables lie
};

// Switches on what this processor has, and says what that is. On each processor, once no page of
// user mode is needed: firmware may have marked its own so. Ring 0.
struct protections protections_enable(void);

#endif
