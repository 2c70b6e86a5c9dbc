// SPDX-License-Identifier: MIT
// handoff: the contract between the UEFI boot loader and the kernel. Its centre is the boot info
// that the loader leaves in memory, struct handoff.
//
//     virtual address                                        physical memory
//     0xffffffff80000000 or above   image, 2 MiB-aligned:    one piece, 2 MiB-aligned
//                                     text, data, a guard,
//                                     the early heap's region
//     0xffff800000000000            direct map               all memory, no devices
//     lower half                    the loader's image,      the same address
//                                   lines of the screen,
//                                   registers of a UART
//
// The kernel file is an ELF64 executable for x86-64 (System V ABI, AMD64 supplement), linked in
// the top 2 GiB. Besides its PT_LOAD segments it has exactly one program header of type
// PT_EARLY_HEAP: p_vaddr and p_memsz are the region that the linker script reserved for the early
// heap; it has no bytes in the file. So the size of the region stands in one place, the link.
//
// The version of this contract that the kernel keeps stands in the file too, and a loader of
// another version rejects it before it loads a byte: in the note of boot/file_note.h, which also
// lets the loader notice a damaged file; in a kernel without that note, in p_paddr of
// PT_EARLY_HEAP, which has no other use. (GNU strip and objcopy overwrite p_paddr; then only the
// kernel can tell.)
//
// The loader's obligations, when it jumps to the entry point:
//   - the processor is in long mode with four-level paging, CR0.WP and EFER.NXE set, interrupts
//     off, direction flag clear; RDI holds the virtual address of `struct handoff`, all else is
//     undefined; the kernel brings its own stack, descriptor tables and trap handlers;
//   - until then GDT, TSS and IDT are the loader's: an exception is reported on the serial line and
//     the screen, with its place in the kernel's file, and stops the machine. They lie in the
//     loader's image, which the lower half maps, in memory that the map calls loader memory;
//   - every segment is mapped at its virtual address with its permissions and nothing more, bytes
//     beyond the file's are zero; the region is mapped read-write in 4 KiB pages, its contents are
//     undefined except for what the loader allocated; holes between segments are not mapped;
//   - region and image are congruent modulo 2 MiB, virtual to physical, so that an alignment up to
//     2 MiB obtained by the loader holds for the kernel;
//   - all memory that the firmware's memory map describes is in the direct map, at direct_map +
//     physical address: never executable, and not writable where the kernel's text and read-only
//     data lie (W^X); devices are not;
//   - everything it leaves lies in the region, below heap.used, allocated by the same fba that the
//     kernel runs; offsets count from the start of the region. Two exceptions: the bytes of
//     modules, and what the lower half maps with its page tables;
//   - each module lies in whole pages of its own, in memory that the map calls loader data, above
//     the first MiB, where the kernel starts other processors; the rest of its last page is zero.
//
// The kernel's obligations: load descriptor tables of its own, check this structure before it
// trusts it, adopt the allocator so that the first heap.used bytes stay for good, unmap the lower
// half, and write to the page tables through the direct map only.
//
// Once boot services have ended, the image (its guard holes included), the region and the modules
// belong to the kernel; all other memory that the map calls conventional, loader or boot services
// memory is free.
#ifndef BOOT_HANDOFF_H
#define BOOT_HANDOFF_H

#include "arch/x86_64/page.h"
#include "arch/x86_64/paging.h"
#include "boot/memory_map.h"
#include "kmem/fba_handoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Program header type of the region: in the range that the ELF specification leaves to operating
// systems, PT_LOOS (0x60000000) to PT_HIOS (0x6fffffff); the letters are "kmem".
#define PT_EARLY_HEAP 0x6b6d656du

// "EARLYFBA", read as a little-endian number.
#define HANDOFF_MAGIC 0x414246594c524145u
#define HANDOFF_VERSION 5u // the Makefile reads this line

#define HANDOFF_IMAGE_BASE 0xffffffff80000000u     // the lowest virtual address of an image
#define HANDOFF_IMAGE_ALIGN 0x200000u              // bytes: of its virtual and physical address
#define HANDOFF_DIRECT_MAP 0xffff800000000000u     // its start: the first byte of the higher half
#define HANDOFF_DIRECT_MAP_END 0xfffffe0000000000u // the kernel's own mappings are behind it

#define HANDOFF_COMMAND_LINE_MAX 4095u  // bytes, without the NUL
#define HANDOFF_MODULE_NAME_MAX 39u     // bytes, without the NUL
#define HANDOFF_HOLDERS 5u              // in the record of a failure
#define HANDOFF_HOLDER_NAME_MAX 31u     // bytes, without the NUL
#define HANDOFF_MODULES_START 0x100000u // lowest physical address of a module

// Bytes at an offset in the region.
struct handoff_span {
    uint64_t offset;
    uint64_t size;
};

// The memory map with which ExitBootServices succeeded (UEFI specification, GetMemoryMap):
// descriptors at a stride of `descriptor_size`, which may exceed the structure's own size.
struct handoff_memory_map {
    struct handoff_span span;
    uint32_t descriptor_size;
    uint32_t descriptor_version; // for other kernels
};

// A file that the command line asked for with module=NAME, an initial file system for example.
struct handoff_module {
    char name[HANDOFF_MODULE_NAME_MAX + 1]; // as the command line has it, NUL-terminated
    uint64_t physical;                      // page-aligned; meaningless if the size is 0
    uint64_t size;
};

// The linear framebuffer of the UEFI graphics output protocol, of 32 bits a pixel; size 0: none.
struct handoff_framebuffer {
    uint64_t physical;
    uint64_t size;
    uint32_t width, height;   // pixels
    uint32_t pixels_per_line; // at least width
    uint32_t format;          // EFI_GRAPHICS_PIXEL_FORMAT; for other kernels
    // The bits of a pixel that are its colours, whatever the format. The highest bit of all four
    // tells the size of a pixel.
    uint32_t red_mask, green_mask, blue_mask, reserved_mask;
};

// What a step of the loader held of the region.
struct handoff_holder {
    char name[HANDOFF_HOLDER_NAME_MAX + 1]; // of the step, NUL-terminated
    uint64_t size, blocks;                  // size 0: no holder
    uint64_t caller;                        // of the largest block, in the loader's image
};

// The first failed allocation of a loader that ran out of the region, and the region as it was. The
// loader then went on in a larger one, only so that the kernel can learn how much the whole boot
// needs: a measuring run.
struct handoff_failure {
    uint64_t count; // 0: the loader did not run out
    uint64_t size, align, available, shortfall;
    uint64_t caller;                                // address in the loader's image
    uint64_t used;                                  // bytes of the region
    uint64_t padding;                               // of these, what was not asked for
    char what[HANDOFF_HOLDER_NAME_MAX + 1];         // the step that asked, NUL-terminated
    struct handoff_holder holders[HANDOFF_HOLDERS]; // the largest first
    uint64_t others;                                // bytes that further ones held
};

// Members marked "for other kernels" are filled in for kernels that need them; ours never reads
// them.
struct handoff {
    uint64_t magic;
    uint32_t version;
    uint32_t size; // of this structure

    // The image: text to region, holes included, one contiguous piece of physical memory.
    uint64_t image_physical, image_virtual, image_size;
    // The region inside it. `linked_size` is what the file reserves; `heap.size` is larger iff
    // this is a measuring run.
    uint64_t region_physical, region_virtual, linked_size;
    struct fba_numbers heap;
    uint64_t heap_requested; // bytes of heap.used that were asked for; the rest is padding

    uint64_t direct_map;      // virtual = direct_map + physical
    uint64_t page_table_root; // physical address of the top table

    struct handoff_memory_map memory_map;
    struct handoff_span command_line; // NUL-terminated, the NUL not counted; size 0: none
    struct handoff_span modules;      // an array of struct handoff_module; size 0: none
    struct handoff_framebuffer framebuffer;
    // Physical addresses: of two tables that the UEFI configuration table names, 0 if it does not,
    // and of the UEFI system table.
    uint64_t acpi_rsdp;
    uint64_t smbios;           // for other kernels
    uint64_t efi_system_table; // for other kernels
    struct handoff_failure failure;
    uint64_t loader_tsc; // time stamp counter at the loader's entry
    // Where `acpi_rsdp` is of ACPI 2.0 and may be damaged: that of ACPI 1.0; 0: none.
    uint64_t acpi_rsdp_1;
};

// The parts of the region that the structure points to, for a kernel that runs where the region is
// mapped at `region_virtual`. Before the structure has been checked these addresses mean nothing.
// Constant time.

// The memory map. Its descriptors are the kernel's to sort.
struct memory_map handoff_memory_map(const struct handoff *handoff);

// The command line, NUL-terminated; "" if there is none.
const char *handoff_command_line(const struct handoff *handoff);

// Where the memory ends that loader and kernel use: this processor has no addresses for what is
// beyond, or the direct map has none. They leave it out, whatever the memory map says.
uint64_t handoff_memory_end(void);

// Whether any of [start, start + size) is memory, and no device: it is in the direct map of these
// page tables. O(pages and holes), which are as large as their table entries.
bool handoff_is_memory(const struct paging *paging, uint64_t start, uint64_t size);

// Module `number`, counted from 0; NULL iff there are not so many.
const struct handoff_module *handoff_module(const struct handoff *handoff, size_t number);

#endif
