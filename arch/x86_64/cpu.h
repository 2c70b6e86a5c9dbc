// SPDX-License-Identifier: MIT
// cpu: single instructions that C has no expression for, and the names of the register bits that
// this project sets or tests. All but cpu_rdtsc, cpu_cpuid, cpu_initial_apic_id, cpu_pause and the
// fences need ring 0.
//
// "SDM", here and in the files around, is Intel's Software Developer's Manual by volume and
// section, as numbered while paging was chapter 4 of volume 3A (order number 325462-078, December
// 2022); newer editions count the chapters from there on one higher.
#ifndef ARCH_X86_64_CPU_H
#define ARCH_X86_64_CPU_H

#include <stdint.h>

// Control registers, SDM 3A 2.5.
#define CR0_WP (UINT64_C(1) << 16)   // the kernel, too, cannot write a read-only page
#define CR0_NW (UINT64_C(1) << 29)   // with CD: no write-through; must be clear otherwise
#define CR0_CD (UINT64_C(1) << 30)   // caches take no new lines
#define CR4_PGE (UINT64_C(1) << 7)   // global pages outlive a write to CR3
#define CR4_LA57 (UINT64_C(1) << 12) // five-level paging; changes only outside 64-bit mode

// Extended feature enables, SDM 3A 2.2.1.
#define MSR_IA32_EFER UINT32_C(0xc0000080)
#define EFER_NXE (UINT64_C(1) << 11) // bit 63 of a table entry means "no execution"

// The base of segment FS, SDM 3A 3.4.4.1.
#define MSR_IA32_FS_BASE UINT32_C(0xc0000100)

// Memory types, SDM 3A 11.11.2.1 and 11.12.2.
#define MSR_IA32_PAT UINT32_C(0x277)
#define MSR_IA32_MTRR_DEF_TYPE UINT32_C(0x2ff)
#define MTRR_DEF_TYPE_ENABLE (UINT64_C(1) << 11)

// CPUID, SDM 2A "CPUID - CPU Identification".
#define CPUID_FEATURES UINT32_C(0x00000001)
#define CPUID_FEATURES_EBX_APIC_ID_SHIFT 24
#define CPUID_FEATURES_ECX_RDRAND (UINT32_C(1) << 30)
#define CPUID_FEATURES_ECX_HYPERVISOR (UINT32_C(1) << 31) // reserved for them: AMD APM 3, E.3.2
#define CPUID_FEATURES_EDX_MTRR (UINT32_C(1) << 12)
#define CPUID_FEATURES_EDX_PGE (UINT32_C(1) << 13)
#define CPUID_FEATURES_EDX_PAT (UINT32_C(1) << 16)
#define CPUID_FEATURES_EDX_SELF_SNOOP (UINT32_C(1) << 27)
#define CPUID_EXTENDED_MAXIMUM UINT32_C(0x80000000) // EAX: the highest extended leaf
#define CPUID_EXTENDED_FEATURES UINT32_C(0x80000001)
#define CPUID_EXTENDED_FEATURES_EDX_NX (UINT32_C(1) << 20)
#define CPUID_EXTENDED_FEATURES_EDX_PAGE1GB (UINT32_C(1) << 26)
#define CPUID_ADDRESS_SIZES UINT32_C(0x80000008)
#define CPUID_ADDRESS_SIZES_EAX_PHYSICAL UINT32_C(0xff) // bits: MAXPHYADDR

// What LGDT and LIDT read: SDM 3A 2.4.1 and 2.4.3.
struct cpu_table_register {
    uint16_t limit; // size - 1
    uint64_t base;
} __attribute__((packed));

struct cpu_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpu_cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpu_cpuid out;
    __asm__ volatile("cpuid"
                     : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx)
                     : "a"(leaf), "c"(subleaf));
    return out;
}

// The id that this processor's local APIC has had since the reset; of a larger one its low 8 bits.
static inline uint32_t cpu_initial_apic_id(void)
{
    return cpu_cpuid(CPUID_FEATURES, 0).ebx >> CPUID_FEATURES_EBX_APIC_ID_SHIFT;
}

// All loads and stores before it come before those after it, and before a WRMSR that does not wait
// for them (SDM 3A 11.12.3).
static inline void cpu_fence(void)
{
    __asm__ volatile("mfence\n\tlfence" : : : "memory");
}

// The time stamp counter, read after every earlier instruction has finished. RDTSC alone may
// run ahead of them; the fence is SDM 2B "RDTSC"'s own recipe.
static inline uint64_t cpu_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

// A random number, where there is CPUID_FEATURES_ECX_RDRAND. False: none at this moment.
static inline _Bool cpu_rdrand(uint64_t *number)
{
    _Bool is_valid;
    __asm__ volatile("rdrand %0" : "=r"(*number), "=@ccc"(is_valid));
    return is_valid;
}

static inline uint64_t cpu_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint64_t cpu_read_cr0(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr0, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr0(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr0" : : "r"(value) : "memory");
}

// The address that the last page fault was about.
static inline uint64_t cpu_read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t cpu_read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr3, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr3(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t cpu_read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr4(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr4" : : "r"(value) : "memory");
}

// Forgets this processor's cached translation of the page that holds `address`.
static inline void cpu_invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

// Writes this processor's caches back to memory and empties them.
static inline void cpu_wbinvd(void)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

// Waits until the stores before it have left this processor, those to write-combining memory, too.
static inline void cpu_store_fence(void)
{
    __asm__ volatile("sfence" : : : "memory");
}

static inline void cpu_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_hlt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

// Stops this processor for good: interrupts off, and halted again after each NMI.
static inline _Noreturn void cpu_stop(void)
{
    for (;;) {
        cpu_cli();
        cpu_hlt();
    }
}

// Sleeps until an interrupt has been handled, with interrupts on meanwhile. STI takes effect after
// the next instruction (SDM 2B "STI"), so that none can come between it and the sleep.
static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

static inline void cpu_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

#endif
