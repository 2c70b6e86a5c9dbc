// SPDX-License-Identifier: MIT
// The note by which QEMU and Xen find the entry of a PVH kernel (Xen, "x86/HVM direct boot ABI").

#define XEN_ELFNOTE_PHYS32_ENTRY 18

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY // sizes of the name and of the value
    .asciz "Xen"
    .long start
