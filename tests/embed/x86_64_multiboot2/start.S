// SPDX-License-Identifier: MIT
// The header by which GRUB finds a Multiboot2 kernel (Multiboot2 2.0, 3.1.1), with its end tag only.

#define MAGIC 0xe85250d6
#define I386 0

    .section .start, "a"
    .balign 8
header:
    .long MAGIC, I386, header_end - header, -(MAGIC + I386 + (header_end - header))
    .short 0, 0
    .long 8
header_end:
