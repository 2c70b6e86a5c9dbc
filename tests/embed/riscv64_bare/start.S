// SPDX-License-Identifier: MIT
// The entry of a riscv64 kernel without firmware: all harts come here, in machine mode, each with its
// number in a0.

    .section .start, "ax"
    .globl start
start:
    bnez a0, start
    .option norelax // gp is not set
    .option arch, +zicsr
    la t0, trap
    csrw mtvec, t0
    tail start_hart

    .balign 4
trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    tail trapped
