// SPDX-License-Identifier: MIT
// Where the gates of the IDT lead: 256 entries of 16 bytes (traps.c counts on both; the assembler
// rejects an .org that moves backwards, should one grow), each of which completes the processor's frame
// to struct traps_frame.

// The exceptions for which the processor pushes an error code: SDM 3A table 6-1 (8, 10-14, 17,
// 21) and AMD APM volume 2, table 8-1 (29, 30).
#define PUSHES_ERROR_CODE ((1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (3 << 29))

    .section .text.traps, "ax", @progbits
    .balign 16
    .globl traps_entries
    .type traps_entries, @function
traps_entries:
    .set vector, 0
    .rept 256
    .org traps_entries + 16 * vector, 0xcc
    .if vector >= 32 || !((PUSHES_ERROR_CODE >> (vector & 31)) & 1)
    pushq $0
    .endif
    pushq $vector
    jmp traps_common
    .set vector, vector + 1
    .endr
    .org traps_entries + 16 * 256, 0xcc
    .size traps_entries, . - traps_entries

    .type traps_common, @function
traps_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    // The processor aligned RSP to 16 before it pushed (SDM 3A 6.14.2); 22 words later it is
    // aligned again, as the call wants it. The direction flag is the interrupted code's.
    movq %rsp, %rdi
    cld
    call traps_enter
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp // vector and error code
    iretq
    .size traps_common, . - traps_common

    .section .note.GNU-stack, "", @progbits
