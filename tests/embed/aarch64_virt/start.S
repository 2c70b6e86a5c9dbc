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
    ldr x0, =exceptions
    msr vbar_el1, x0
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

    .balign 2048
exceptions: // of four kinds from four origins
    .rept 16
    b trap
    .balign 128
    .endr
trap:
    mrs x0, esr_el1
    lsr x0, x0, #26 // the exception class
    mrs x1, elr_el1
    mrs x2, far_el1
    b trapped

    .bss
    .balign 16
    .skip 16384
stack_end:
