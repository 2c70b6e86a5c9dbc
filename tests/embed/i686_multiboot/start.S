// SPDX-License-Identifier: MIT
// The entry of an i686 kernel: a Multiboot header (Multiboot 0.6.96, 3.1), segments and a stack of its
// own, each exception calls trapped(), and C. The loader has cleared .bss.

#define MAGIC 0x1badb002
#define FLAGS 0
#define CODE 8
#define DATA 16
#define EXCEPTIONS 32
#define INTERRUPT_GATE 0x8e00

    .section .start, "a"
    .balign 4
    .long MAGIC, FLAGS, -(MAGIC + FLAGS)

    .text
    .globl start
start:
    movl $stack_end, %esp
    lgdt descriptors_pointer
    ljmp $CODE, $1f
1:  movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss

    movl $exceptions, %eax
    movl $gates, %ecx
1:  movl %eax, (%ecx)
    movw $CODE, 2(%ecx)
    movl %eax, 4(%ecx)
    movw $INTERRUPT_GATE, 4(%ecx)
    addl $16, %eax
    addl $8, %ecx
    cmpl $gates_end, %ecx
    jb 1b
    lidt gates_pointer
    pushl %ebx // the boot information
    call kernel_main

    // One entry each, 16 bytes apart, which pushes its number.
    .set number, 0
    .balign 16
exceptions:
    .rept EXCEPTIONS
    .if !(number == 8 || number >= 10 && number <= 14 || number == 17 || number == 21)
    pushl $0 // where these have an error code
    .endif
    pushl $number
    jmp trap
    .balign 16
    .set number, number + 1
    .endr

trap:
    popl %eax
    movl 4(%esp), %ecx
    movl %cr2, %edx
    pushl %edx
    pushl %ecx
    pushl %eax
    call trapped

    .section .rodata
    .balign 8
descriptors:
    .quad 0
    .quad 0x00cf9a000000ffff // code: all 4 GiB
    .quad 0x00cf92000000ffff // data: all 4 GiB
descriptors_pointer:
    .short . - descriptors - 1
    .long descriptors
gates_pointer:
    .short gates_end - gates - 1
    .long gates

    .bss
    .balign 16
gates:
    .skip 8 * EXCEPTIONS
gates_end:
    .skip 16384
stack_end:
