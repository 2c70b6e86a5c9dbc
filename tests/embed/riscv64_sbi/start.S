// SPDX-License-Identifier: MIT
// The entry of a riscv64 kernel under SBI: one hart comes here, in supervisor mode.

    .section .start, "ax"
    .globl start
start:
    tail start_hart
