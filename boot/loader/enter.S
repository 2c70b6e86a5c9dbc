// SPDX-License-Identifier: MIT
// enter_kernel(root, entry, handoff) of jump.h: the loader's last instructions. They run while CR3
// changes, so that the page they lie in must be mapped in both sets of page tables; the alignment
// keeps them inside one page.
//
// RDI: physical address of the kernel's top page table. RSI: the kernel's entry point. RDX:
// virtual address of struct handoff. No stack is used after the first instruction.

    .text
    .balign 64
    .globl enter_kernel
    .type enter_kernel, @function
enter_kernel:
    cli
    cld
    movq %rdi, %cr3
    movq %rdx, %rdi
    jmpq *%rsi
    .size enter_kernel, . - enter_kernel

    .section .note.GNU-stack, "", @progbits
