// SPDX-License-Identifier: MIT
// The vectors of a Cortex-M kernel, which is loaded to address 0, and its entry. Variables with a
// value are copied from where they were loaded.

#define BUS_FAULT_ADDRESS 0xe000ed38

    .syntax unified
    .thumb

    .section .start, "a"
    .long stack_end
    .long start
    .rept 14 // exceptions
    .long trap
    .endr

    .text
    .thumb_func
    .globl start
start:
    ldr r0, =data_start
    ldr r1, =data_end
    ldr r2, =data_loaded
1:  cmp r0, r1
    bhs 2f
    ldr r3, [r2], #4
    str r3, [r0], #4
    b 1b
2:  ldr r0, =bss_start
    ldr r1, =bss_end
    movs r2, #0
3:  cmp r0, r1
    bhs 4f
    str r2, [r0], #4
    b 3b
4:  b kernel_main

    .thumb_func
trap:
    mrs r0, ipsr
    ldr r1, [sp, #24] // as the processor has pushed it
    ldr r2, =BUS_FAULT_ADDRESS
    ldr r2, [r2]
    b trapped

    .bss
    .balign 8
    .skip 16384
stack_end:
