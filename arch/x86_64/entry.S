// SPDX-License-Identifier: MIT
// The kernel's first instructions. The loader jumps here with interrupts off, paging on with the
// kernel's tables, and RDI = the virtual address of struct handoff (boot/handoff.h). Everything
// else is the firmware's, the stack and the direction flag included. Goes on in
//     void kernel_main(const struct handoff *handoff);

    .section .text.entry, "ax", @progbits
    .globl kernel_entry
    .type kernel_entry, @function
kernel_entry:
    cld
    // linker.ld aligns boot_stack_top to 16, so that the call leaves RSP as the System V ABI
    // (3.2.2) wants it at a function's entry. Frame pointer 0 ends every backtrace.
    movq $boot_stack_top, %rsp
    xorl %ebp, %ebp
    call kernel_main
.Lreturned:
    cli
    hlt
    jmp .Lreturned
    .size kernel_entry, . - kernel_entry

    .section .note.GNU-stack, "", @progbits
