// SPDX-License-Identifier: MIT
// The entry of an aarch64 kernel at exception level 1, which leaves the MMU off, as it was found,
// and switches alignment checks on.

#define ALIGNMENT_CHECK 2 // SCTLR_EL1.A: bit 1
#define DEVICE_TREE 0x40000000 // for a kernel that is not in Linux's format

    .section .start, "ax"
    .globl start
start:
    mrs x0, sctlr_el1
    orr x0, x0, #ALIGNMENT_CHECK
    msr sctlr_el1, x0
    isb
    ldr x0, =stack_end
    mov sp, x0
    ldr x0, =bss_start
    ldr x1, =bss_end
1:  cmp x0, x1
    b.hs 2f
    str xzr, [x0], #8
    b 1b
2:  ldr x0, =DEVICE_TREE
    b kernel_main

    .bss
    .balign 16
    .skip 16384
stack_end:
