// SPDX-License-Identifier: MIT
// How a riscv64 kernel begins, in any mode: for one hart, which has no stack yet.

    .text
    .globl start_hart
start_hart:
    .option norelax // gp is not set
    la sp, stack_end
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    sd zero, (t0)
    addi t0, t0, 8
    j 1b
2:  mv a0, a1 // the device tree
    tail kernel_main

    .bss
    .balign 16
    .skip 16384
stack_end:
