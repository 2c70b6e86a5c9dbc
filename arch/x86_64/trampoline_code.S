// SPDX-License-Identifier: MIT
// The code that trampoline.c copies below 1 MiB: from real mode straight to long mode, by setting
// PE and PG at once after LME (SDM 3A 9.8.5 goes through protected mode first, but nothing there
// needs it). It is data to the kernel, never executed where it is linked. Offsets count from
// trampoline_code; the values from trampoline_gdt_register on are filled in by trampoline.c.

    .section .rodata
    .balign 16
    .globl trampoline_code, trampoline_gdt, trampoline_gdt_register, trampoline_long_mode
    .globl trampoline_far_pointer, trampoline_root, trampoline_stack, trampoline_entry
    .globl trampoline_argument, trampoline_open, trampoline_code_end

#define OFFSET(label) (label - trampoline_code)

    .code16
trampoline_code:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
trampoline_enter:
    xorl %eax, %eax                 // one processor at a time: it closes behind itself
    xchgl %eax, OFFSET(trampoline_open)
    testl %eax, %eax
    jnz trampoline_entered
    pause
    jmp trampoline_enter
trampoline_entered:
    lgdtl OFFSET(trampoline_gdt_register)
    movl $0x20, %eax                // CR4.PAE, and nothing else for now
    movl %eax, %cr4
    movl OFFSET(trampoline_root), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx          // IA32_EFER
    rdmsr
    orl $0x900, %eax                // LME, NXE
    wrmsr
    movl %cr0, %eax
    andl $0x9fffffff, %eax          // CD and NW, which INIT sets: caches on
    orl $0x80010001, %eax           // PG, WP, PE
    movl %eax, %cr0
    ljmpl *OFFSET(trampoline_far_pointer)

    .code64
trampoline_long_mode:
    xorl %eax, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movq trampoline_stack(%rip), %rsp
    movq trampoline_argument(%rip), %rdi
    xorl %ebp, %ebp
    pushq $0                        // where a return address would be: ends every backtrace
    jmpq *trampoline_entry(%rip)

    .balign 8
trampoline_gdt:
    .quad 0
    // 64-bit code, ring 0, selector 8. Marked as accessed, because the processor would otherwise
    // write that into a page that is mapped read-only.
    .quad 0x00af9b000000ffff
trampoline_gdt_register:
    .word 15
    .long 0                         // physical address of trampoline_gdt
trampoline_far_pointer:
    .long 0                         // physical address of trampoline_long_mode
    .word 8
    .balign 8
trampoline_root:
    .quad 0
trampoline_stack:
    .quad 0
trampoline_entry:
    .quad 0
trampoline_argument:
    .quad 0
trampoline_open:
    .long 0
trampoline_code_end:

    .section .note.GNU-stack, "", @progbits
