// SPDX-License-Identifier: MIT
// The entry of an i686 kernel: a Multiboot header (Multiboot 0.6.96, 3.1), a stack, and C. The loader
// has cleared .bss.

#define MAGIC 0x1badb002
#define FLAGS 0

    .section .start, "a"
    .balign 4
    .long MAGIC, FLAGS, -(MAGIC + FLAGS)

    .text
    .globl start
start:
    movl $stack_end, %esp
    pushl %ebx // the boot information
    call kernel_main

    .bss
    .balign 16
    .skip 16384
stack_end:
