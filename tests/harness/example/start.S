// SPDX-License-Identifier: MIT
// The entry of the example kernel: a Multiboot header (Multiboot 0.6.96, 3.1), a stack, and C.

#define MAGIC 0x1badb002
#define FLAGS 0

    .section .multiboot, "a"
    .balign 4
    .long MAGIC, FLAGS, -(MAGIC + FLAGS)

    .text
    .globl start
start:
    movl $stack_end, %esp
    pushl %ebx // where the loader put what it knows
    call example_main
1:  hlt
    jmp 1b

    .bss
    .balign 16
    .skip 4096
stack_end:

    .section .note.GNU-stack, "", @progbits
