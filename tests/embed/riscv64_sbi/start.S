// SPDX-License-Identifier: MIT
// The entry of a riscv64 kernel under SBI: one hart comes here, in supervisor mode.

    .section .start, "ax"
    .globl start
start:
    .option norelax // gp is not set
    .option arch, +zicsr
    la t0, trap
    csrw stvec, t0
    tail start_hart

    .balign 4
trap:
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    tail trapped
