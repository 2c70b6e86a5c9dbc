// SPDX-License-Identifier: MIT
// From 32-bit protected mode, as PVH and Multiboot2 enter a kernel, to 64 bits: the first GiB is mapped
// where it is, and each exception calls trapped(). (Intel, Software Developer's Manual, 3A, 9.8.5 "Initializing IA-32e Mode")

#define PAGE 4096
#define PRESENT_WRITABLE 3
#define LARGE 0x80
#define CR4_PAE (1 << 5)
#define EFER 0xc0000080
#define EFER_LME (1 << 8)
#define CR0_PG (1 << 31)
#define CODE_64 8
#define DATA 16
#define EXCEPTIONS 32
#define INTERRUPT_GATE 0x8e00

    .code32
    .text
    .globl start
start:
    cld
    movl %ebx, %esi // the boot information
    movl $stack_end, %esp
    movl $bss_start, %edi // of words of 4 bytes, as is its size
    movl $bss_end, %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    xorl %eax, %eax
    rep stosl

    movl $level3 + PRESENT_WRITABLE, level4
    movl $level2 + PRESENT_WRITABLE, level3
    movl $PRESENT_WRITABLE | LARGE, %eax
    movl $level2, %edi
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x200000, %eax
    cmpl $level2 + PAGE, %edi
    jb 1b
    movl $level4, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    lgdt descriptors_pointer
    ljmp $CODE_64, $2f

    .code64
2:  movl %esi, %edi
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss

    movl $exceptions, %eax
    movl $gates, %ecx
1:  movzwl %ax, %edx
    orl $CODE_64 << 16, %edx
    movl %edx, (%rcx)
    movl %eax, %edx
    movw $INTERRUPT_GATE, %dx
    movl %edx, 4(%rcx)
    addl $16, %eax
    addl $16, %ecx
    cmpl $gates_end, %ecx
    jb 1b
    lidt gates_pointer
    call kernel_main

    // One entry each, 16 bytes apart, which pushes its number.
    .set number, 0
    .balign 16
exceptions:
    .rept EXCEPTIONS
    .if !(number == 8 || number >= 10 && number <= 14 || number == 17 || number == 21)
    pushq $0 // where these have an error code
    .endif
    pushq $number
    jmp trap
    .balign 16
    .set number, number + 1
    .endr

trap:
    popq %rdi
    movq 8(%rsp), %rsi
    movq %cr2, %rdx
    andq $-16, %rsp
    call trapped

    .section .rodata
    .balign 8
descriptors:
    .quad 0
    .quad 0x00209a0000000000 // code: present, 64 bits
    .quad 0x0000920000000000 // data: present, writable
descriptors_pointer:
    .short . - descriptors - 1
    .long descriptors
gates_pointer:
    .short gates_end - gates - 1
    .quad gates

    .bss
    .balign PAGE
level4: .skip PAGE
level3: .skip PAGE
level2: .skip PAGE
gates:  .skip 16 * EXCEPTIONS
gates_end:
    .skip 16384
stack_end:
