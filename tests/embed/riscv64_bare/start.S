// SPDX-License-Identifier: MIT
// The entry of a riscv64 kernel without firmware: all harts come here, in machine mode, each with its
// number in a0.

    .section .start, "ax"
    .globl start
start:
    bnez a0, start
    tail start_hart
